// The program `raftlab`: its subcommands and their flags.
#pragma once

namespace raft::cli {

// Runs the program and returns its exit code (terminal.h).
int runProgram(int argc, char** argv);

}  // namespace raft::cli
