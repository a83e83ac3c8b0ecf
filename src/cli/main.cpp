#include "cli/app.h"

int main(int argc, char** argv) { return raft::cli::runProgram(argc, argv); }
