#!/bin/sh
# ShellCheck has nothing to say about our scripts.
if ! command -v shellcheck >/dev/null; then
  echo "shellcheck is not installed"
  exit 77
fi
shellcheck -x raftlab dev .ci/run tools/*.sh
