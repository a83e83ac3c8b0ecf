// A value that is rarely there, and takes the place of a pointer.
//
// It is used as a std::optional is. Roles and effects are made, copied, compared and cleared with
// every step, so what few of them ever hold stands elsewhere.
#pragma once
#include <memory>
#include <optional>
#include <utility>

namespace raft {

template <class T>
class Rare {
 public:
  Rare() = default;
  Rare(std::nullopt_t) {}
  Rare(T value) : value_(std::make_unique<T>(std::move(value))) {}
  Rare(const Rare& other) {
    if (other) value_ = copyOf(*other);
  }
  Rare(Rare&&) noexcept = default;
  Rare& operator=(Rare other) noexcept {
    reset();
    value_ = std::move(other.value_);
    return *this;
  }
  ~Rare() { reset(); }

  explicit operator bool() const { return value_ != nullptr; }
  bool has_value() const { return value_ != nullptr; }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return value_.get(); }
  const T* operator->() const { return value_.get(); }
  void reset() {
    if (value_) destroy(std::move(value_));
  }

  bool operator==(const Rare& other) const {
    return value_ && other.value_ ? *value_ == *other.value_ : value_ == other.value_;
  }
  bool operator==(const T& value) const { return value_ && *value_ == value; }
  bool operator==(std::nullopt_t) const { return !value_; }

 private:
  // Out of line, so that steps, in which it is rare, stay short.
  [[gnu::noinline]] static std::unique_ptr<T> copyOf(const T& value) {
    return std::make_unique<T>(value);
  }
  [[gnu::noinline]] static void destroy(std::unique_ptr<T>) {}

  std::unique_ptr<T> value_;
};

}  // namespace raft
