#include "kv/reply.h"

#include "kv/request.h"

namespace raft::kv {

namespace {

// A value that could be mistaken for another reply stands in quotes.
std::string valueText(const Command& value) {
  const std::string out = word(value.bytes());
  return out == "ok" || out == "nothing" ? '"' + out + '"' : out;
}

}  // namespace

std::string text(const Reply& reply) {
  using Status = Reply::Status;
  const auto bytes = [&] { return std::string(reply.value.bytes()); };
  switch (reply.status) {
    case Status::Nothing: return "";
    case Status::Ok: return "ok";
    case Status::Value: return valueText(reply.value);
    case Status::NotThere: return "nothing";
    case Status::Different: return "it is " + word(reply.value.bytes());
    case Status::Malformed: return "malformed: expected " + bytes();
    case Status::Registered: return "session " + bytes();
    case Status::NoSession: return "refused: there is no such session";
    case Status::Discarded: return "refused: its reply was discarded";
    case Status::TooMany: return "refused: too many requests without reply";
  }
  return "";
}

}  // namespace raft::kv
