// The program `raftlab`: its subcommands and their flags.
#pragma once
#include "sim/rules.h"

namespace raft::cli {

// Runs the program and returns its exit code (terminal.h). With rules of your own its hunts, and
// what it runs, are under them; they must outlive it.
int runProgram(int argc, char** argv, const sim::Rules* rules = nullptr);

}  // namespace raft::cli
