// What a command asks of the state machine, and how it is written.
//
//   get KEY                       the value
//   put KEY VALUE                 set it
//   append KEY VALUE              set it to what it was, with VALUE at its end
//   cas KEY EXPECTED VALUE        set it if it is EXPECTED now (compare and set)
//   delete KEY
//   SetKEY=VALUE                  the same as put, VALUE being all that follows: SetX=10
//
// KEY and VALUE are words without blanks, or stand in double quotes, where \" \\ \n \t and \x00 to
// \xff are bytes. In SetKEY=VALUE the key is letters and digits, the value any bytes.
//
//   register                      opens a session (thesis §6.3); the reply is its number
//   @7#3 put x 1                  request 3 of session 7
//   @7#5<3 put x 1                the same; the client has the replies to all requests below 3
//   @7 close                      ends it
//
// Without `<`, the client has the replies to all requests before this one. Any other text is a
// command, too: nothing comes of it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "raft/command.h"

namespace raft::kv {

struct Get {
  Command key;
  bool operator==(const Get&) const = default;
};
struct Put {
  Command key;
  Command value;
  bool operator==(const Put&) const = default;
};
struct Append {
  Command key;
  Command value;
  bool operator==(const Append&) const = default;
};
struct CompareAndSet {
  Command key;
  Command expected;
  Command value;
  bool operator==(const CompareAndSet&) const = default;
};
struct Delete {
  Command key;
  bool operator==(const Delete&) const = default;
};
struct Register {
  bool operator==(const Register&) const = default;
};
struct Close {
  bool operator==(const Close&) const = default;
};
struct Other {  // any other text
  bool operator==(const Other&) const = default;
};
struct Malformed {  // it begins as one of the above does
  const char* expected;
  bool operator==(const Malformed& other) const {
    return std::string_view(expected) == other.expected;
  }
};
using Operation =
    std::variant<Other, Malformed, Get, Put, Append, CompareAndSet, Delete, Register, Close>;

struct Request {
  Operation operation = {};
  std::uint64_t session = 0;   // 0: outside of any
  std::uint64_t sequence = 0;  // 0 outside of a session
  // The lowest sequence number for which the client has no reply yet. At most `sequence`.
  std::uint64_t firstUnanswered = 0;
  bool operator==(const Request&) const = default;
};

Request parse(std::string_view command);
// The shortest text that is read as this request. Other and Malformed have none: "".
std::string text(const Request& request);

// `bytes` as KEY or VALUE: as it is, or in quotes if it must be.
std::string word(std::string_view bytes);

}  // namespace raft::kv
