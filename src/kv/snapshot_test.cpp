#include <gtest/gtest.h>

#include "kv/kv_test_support.h"
#include "kv/machine.h"

namespace raft::kv {
namespace {

Machine some() {
  Machine machine({.sessions = 3, .outstanding = 10});
  for (const char* command :
       {"put x 1", "register", "register", "@2#1 append x 2", "@2#2<1 append x 3", "SetY=a b",
        "put \"\\x00\" \"\"", "@3#4 cas x 1 2", "delete y", "@3#5<4 hello", "@2#2<2 get x"}) {
    outcomeOf(machine, command);
  }
  return machine;
}

// The checksum that belongs to the bytes before it.
std::string signedAnew(std::string bytes) {
  bytes.resize(bytes.size() - 8);
  const std::uint64_t sum = hashOf(std::string_view(bytes));
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(sum >> 8 * i);
  return bytes;
}

TEST(Snapshot, RestoresAllOfIt) {
  for (const Machine& machine : {Machine(), some()}) {
    const std::optional<Machine> loaded = Machine::load(machine.save());
    ASSERT_TRUE(loaded);
    EXPECT_EQ(*loaded, machine);
    EXPECT_EQ(loaded->digest(), machine.digest());
    EXPECT_EQ(loaded->save(), machine.save());
  }
  Machine machine = *Machine::load(some().save());
  EXPECT_EQ(outcomeOf(machine, "@2#2<2 append x 3").kind, Outcome::Kind::Repeated);
  EXPECT_EQ(outcomeOf(machine, "@2#1<1 append x 2").kind, Outcome::Kind::Refused);
  outcomeOf(machine, "register");
  EXPECT_EQ(outcomeOf(machine, "register").expired, 3u);
}

TEST(Snapshot, IsTheSameForEqualMachines) {
  Machine one, other;
  for (const char* key : {"a", "b", "c"}) outcomeOf(one, std::string("put ") + key + " 1");
  for (const char* key : {"c", "a", "b"}) outcomeOf(other, std::string("put ") + key + " 1");
  EXPECT_EQ(one.save(), other.save());
}

TEST(Snapshot, OfOtherBytesIsRefused) {
  const char* wrong = nullptr;
  EXPECT_FALSE(Machine::load("", &wrong));
  EXPECT_STREQ(wrong, "it does not begin as a snapshot of ours");
  EXPECT_FALSE(Machine::load("raftlab kv 2\n", &wrong));
  EXPECT_FALSE(Machine::load("raftlab kv 1\n", &wrong));
  EXPECT_STREQ(wrong, "it ends too early");
  std::string bytes = some().save();
  bytes.back() ^= 1;
  EXPECT_FALSE(Machine::load(bytes, &wrong));
  EXPECT_STREQ(wrong, "its checksum is not that of its bytes");
}

TEST(Snapshot, WithAnyBitFlippedIsRefused) {
  const std::string whole = some().save();
  for (std::size_t i = 0; i < whole.size() * 8; ++i) {
    std::string bytes = whole;
    bytes[i / 8] ^= static_cast<char>(1 << i % 8);
    EXPECT_FALSE(Machine::load(bytes)) << "bit " << i;
  }
}

// With a checksum that fits: whatever is loaded is a machine that writes just these bytes.
TEST(Snapshot, ThatIsForgedIsRefusedOrIsOneThatCanBe) {
  const std::string whole = some().save();
  for (std::size_t size = 21; size < whole.size(); ++size) {
    EXPECT_FALSE(Machine::load(signedAnew(whole.substr(0, size)))) << size;
  }
  EXPECT_FALSE(Machine::load(signedAnew(whole + "x")));
  Random chance{.seed = 5};
  std::uint32_t loadedSome = 0;
  for (std::uint32_t round = 0; round < 20'000; ++round) {
    std::string bytes = whole;
    for (std::uint64_t changes = 1 + chance.below(2); changes > 0; --changes) {
      bytes[13 + chance.below(bytes.size() - 21)] = static_cast<char>(chance.below(6));
    }
    bytes = signedAnew(bytes);
    const std::optional<Machine> loaded = Machine::load(bytes);
    if (!loaded) continue;
    ++loadedSome;
    EXPECT_EQ(loaded->save(), bytes);
  }
  EXPECT_GT(loadedSome, 0u);
}

}  // namespace
}  // namespace raft::kv
