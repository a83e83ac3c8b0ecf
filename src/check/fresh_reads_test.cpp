#include "check/fresh_reads.h"

#include <gtest/gtest.h>

#include "check/check_test_support.h"

namespace raft::check {
namespace {

using trace::ReadAnswered;
using trace::ReadAsked;
using trace::ReadUnanswered;

// A server of term 1 that has applied its log, of so many entries.
void applied(FreshReads& reads, Time now, ServerId id, Index index) {
  Server server{.id = id, .configuration = three, .currentTerm = 1};
  for (Index i = 1; i <= index; ++i) server.log.append(entryAt(i, 1));
  server.commitIndex = server.lastApplied = index;
  tellStep(reads, now, server);
}

std::string found(const FreshReads& reads) {
  if (!reads.violation()) return "nothing";
  return std::string(nameOf(reads.violation()->property)) + ": " + tell(*reads.violation());
}

ReadAnswered answer(std::uint64_t read, Index applied) {
  return {.read = read, .server = 1, .key = "x", .value = {}, .applied = applied};
}

TEST(FreshReads, SeeWhatWasAppliedAnywhereWhenTheyWereAsked) {
  FreshReads reads;
  applied(reads, ms(1), 2, 3);
  reads.read(ms(2), ReadAsked{.read = 1, .server = 1, .key = "x", .local = false});
  applied(reads, ms(3), 2, 4);  // too late to matter
  reads.read(ms(4), answer(1, 3));
  EXPECT_EQ(found(reads), "nothing");
  reads.read(ms(5), ReadAsked{.read = 2, .server = 1, .key = "x", .local = false});
  reads.read(ms(6), answer(2, 3));
  EXPECT_EQ(found(reads),
            "FreshReads: s1 answers a read as of index 3, though s2 had applied 4^1 at 3 ms, "
            "before the read was asked");
}

TEST(FreshReads, OfAServersOwnStatePromiseNothing) {
  FreshReads reads;
  applied(reads, ms(1), 2, 3);
  reads.read(ms(2), ReadAsked{.read = 1, .server = 1, .key = "x", .local = true});
  reads.read(ms(2), answer(1, 0));
  EXPECT_EQ(found(reads), "nothing");
}

TEST(FreshReads, ThatAreNotAnsweredAreForgotten) {
  FreshReads reads;
  applied(reads, ms(1), 2, 3);
  reads.read(ms(2), ReadAsked{.read = 1, .server = 1, .key = "x", .local = false});
  reads.read(ms(3), ReadUnanswered{1, 1, ReadUnanswered::Why::Down});
  reads.read(ms(4), answer(1, 0));
  EXPECT_EQ(found(reads), "nothing");
}

}  // namespace
}  // namespace raft::check
