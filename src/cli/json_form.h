// JSON as forms, an object at a time. nlohmann-json reads it; where each value stands is kept here.
#pragma once
#include "cli/bytes.h"
#include "cli/form.h"

namespace raft::cli {

// The next value, which begins with what peek() gives. Throws Unreadable.
Form readJson(Bytes& bytes);

}  // namespace raft::cli
