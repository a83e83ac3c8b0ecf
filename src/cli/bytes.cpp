#include "cli/bytes.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <zlib.h>

#include "cli/terminal.h"

namespace raft::cli {

struct Bytes::Source {
  int file = -1;
  bool opened = false;  // by us
  bool ended = false;
  bool begun = false;
  bool compressed = false;
  bool between = false;  // parts of what is compressed
  z_stream stream = {};
  std::array<char, 65536> chunk = {};

  ~Source() {
    if (compressed) inflateEnd(&stream);
    if (opened) close(file);
  }
  // Reads some bytes; fewer than none: it failed.
  ssize_t read() {
    for (;;) {
      // Unlike a read, waiting for input ends when the user wants to stop.
      pollfd waiting{.fd = file, .events = POLLIN, .revents = 0};
      const int ready = poll(&waiting, 1, -1);
      if (interrupted()) return 0;
      if (ready < 0 && errno == EINTR) continue;
      const ssize_t count = ::read(file, chunk.data(), chunk.size());
      if (count < 0 && errno == EINTR) continue;
      return count;
    }
  }
};

Bytes::Bytes(const std::string& path) : source_(std::make_unique<Source>()) {
  if (path == "-") {
    source_->file = STDIN_FILENO;
    return;
  }
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    wrong_ = status.type() == std::filesystem::file_type::none
                 ? "cannot be read: " + error.message()
                 : "there is no such file";
  } else if (std::filesystem::is_directory(status)) {
    wrong_ = "is a folder: expected a file with a history, or several";
  } else {
    source_->file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    source_->opened = source_->file >= 0;
    if (!source_->opened) wrong_ = std::string("cannot be read: ") + std::strerror(errno);
  }
  source_->ended = !wrong_.empty();
}

Bytes Bytes::of(std::string_view text) {
  Bytes out("-");
  out.source_->ended = true;
  out.ready_ = text;
  return out;
}

Bytes::Bytes(Bytes&&) noexcept = default;
Bytes::~Bytes() = default;

int Bytes::take() {
  const int byte = peek();
  if (byte == end) return end;
  if (line_.empty() && position_.column == 1) lineBefore_.clear();
  ++at_;
  ++taken_;
  if (byte == '\n') {
    lineBefore_ = std::exchange(line_, {});
    ++position_.line;
    position_.column = 1;
  } else {
    if (line_.size() < 400) line_ += static_cast<char>(byte);
    ++position_.column;
  }
  return byte;
}

// Reads until the byte so far ahead is there; false: there is none.
bool Bytes::fill(std::size_t ahead) {
  if (at_ > (std::size_t{1} << 16)) {
    ready_.erase(0, at_);
    at_ = 0;
  }
  while (at_ + ahead >= ready_.size()) {
    if (source_->ended) return false;
    const ssize_t count = source_->read();
    if (count < 0) wrong_ = std::string("cannot be read: ") + std::strerror(errno);
    if (count <= 0) {
      source_->ended = true;
      if (source_->compressed && !source_->between && wrong_.empty() && !interrupted()) {
        wrong_ = "is cut off: its gzip data has no end; expected a whole file: copy it anew";
      }
      return false;
    }
    const std::string_view more(source_->chunk.data(), static_cast<std::size_t>(count));
    if (!source_->begun && more.starts_with("\x1f\x8b")) {
      source_->compressed = inflateInit2(&source_->stream, 15 + 16) == Z_OK;
    }
    source_->begun = true;
    if (!source_->compressed) {
      ready_ += more;
      continue;
    }
    source_->stream.next_in = reinterpret_cast<Bytef*>(source_->chunk.data());
    source_->stream.avail_in = static_cast<uInt>(count);
    if (!inflateMore()) source_->ended = true;
  }
  return true;
}

bool Bytes::inflateMore() {
  z_stream& stream = source_->stream;
  std::array<char, 65536> out;
  for (;;) {
    if (source_->between) {
      // Another part may follow, or zeros, as tapes have them.
      while (stream.avail_in > 0 && *stream.next_in == 0) ++stream.next_in, --stream.avail_in;
      if (stream.avail_in == 0) return true;
      inflateReset(&stream);
      source_->between = false;
    }
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int code = inflate(&stream, Z_NO_FLUSH);
    ready_.append(out.data(), out.size() - stream.avail_out);
    if (code == Z_STREAM_END) {
      source_->between = true;
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      wrong_ = "is damaged: its gzip data makes no sense; expected a whole file: copy it anew";
      return false;
    } else if (stream.avail_in == 0 && stream.avail_out != 0) {
      return true;
    }
  }
}

}  // namespace raft::cli
