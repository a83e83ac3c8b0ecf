// Where a server keeps what must survive: a file of records, one a write, only ever appended to.
//
// A record: its size and a checksum, then term, vote, and the entries from an index on, in numbers
// of eight bytes. A crash can tear the last record. Nobody was told that it is durable, so it is
// cut off. A record that is broken anywhere else is no torn tail but a broken disk: see read().
#pragma once
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <kv/hash.h>
#include <raft/server.h>
#include <unistd.h>

class File {
 public:
  explicit File(const std::string& path) : path_(path) {
    descriptor_ = open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
    check(descriptor_ >= 0);
    // That the file is there must survive, too.
    const auto folder = std::filesystem::absolute(path).parent_path();
    const int parent = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    check(parent >= 0 && fsync(parent) == 0);
    close(parent);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { close(descriptor_); }

  // Returns when it is on the disk. Throws if it cannot be: then the server must not go on.
  void append(const raft::Write& write) {
    std::string body;
    put(body, {write.currentTerm.value, write.votedFor ? write.votedFor->value : 0,
               write.from.value, write.entries.size()});
    for (const raft::Entry& entry : write.entries) {
      const std::string_view command = entry.command.bytes();
      put(body, {entry.term.value, static_cast<std::uint64_t>(entry.type), command.size()});
      body += command;
    }
    std::string record;
    put(record, {body.size(), raft::kv::hashOf(std::string_view(body))});
    record += body;
    for (std::string_view rest = record; !rest.empty();) {
      const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
      check(written > 0 || errno == EINTR);
      if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
    }
    check(fdatasync(descriptor_) == 0);
  }

  // All that was appended, and the torn tail cut off. Throws if a record before the last is broken:
  // a server that went on would have forgotten what it promised, and must be replaced instead.
  raft::Persistent read() {
    std::ifstream in(path_, std::ios::binary);
    const std::string all(std::istreambuf_iterator<char>(in), {});
    std::string_view rest = all;
    raft::Persistent out;
    while (!rest.empty()) {
      std::string_view body = rest;
      const std::uint64_t size = take(body);
      const std::uint64_t sum = take(body);
      const bool whole = rest.size() >= 16 && size <= body.size();
      if (whole) body = body.substr(0, size);
      if (!whole || sum != raft::kv::hashOf(body)) {
        if (whole && 16 + size < rest.size()) throw std::runtime_error(path_ + " is broken");
        break;
      }
      replay(body, out);
      rest.remove_prefix(16 + size);
    }
    check(ftruncate(descriptor_, static_cast<off_t>(all.size() - rest.size())) == 0);
    check(fdatasync(descriptor_) == 0);
    return out;
  }

 private:
  static void check(bool good) {
    if (!good) throw std::system_error(errno, std::generic_category());
  }
  static void put(std::string& to, std::initializer_list<std::uint64_t> numbers) {
    for (std::uint64_t number : numbers) {
      to.append(reinterpret_cast<const char*>(&number), sizeof number);
    }
  }
  static std::uint64_t take(std::string_view& from) {
    std::uint64_t number = 0;
    const std::size_t size = std::min(sizeof number, from.size());
    std::memcpy(&number, from.data(), size);
    from.remove_prefix(size);
    return number;
  }
  static void replay(std::string_view body, raft::Persistent& out) {
    out.currentTerm = take(body);
    const std::uint64_t votedFor = take(body);
    out.votedFor.reset();
    if (votedFor != 0) out.votedFor = static_cast<std::uint32_t>(votedFor);
    const raft::Index from = take(body);
    if (from != raft::Index{0}) out.log.truncateFrom(from);
    for (std::uint64_t count = take(body); count > 0; --count) {
      raft::Entry entry{.term = take(body)};
      entry.type = static_cast<raft::EntryType>(take(body));
      const std::uint64_t size = take(body);
      entry.command = body.substr(0, size);
      body.remove_prefix(size);
      out.log.append(std::move(entry));
    }
  }

  std::string path_;
  int descriptor_ = -1;
};
