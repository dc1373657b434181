// Result<T>: a value or an error, without exceptions (these layers also compile to WebAssembly, where none exist).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace drawbridge {

// What went wrong, for code. The text for people is in Error::message; the one list is docs/spec/admin.md.
enum class ErrorCode : uint8_t {
  invalid_argument,    // the request itself makes no sense
  malformed,           // bytes from outside are not what they claim to be
  authentication,      // a tag, signature or key is wrong
  not_found,           // no such device, office, service, invitation
  already_exists,
  not_allowed,         // known, but not granted
  expired,
  limit,               // a bound of protocol/base/limits.hpp was reached
  unreachable,         // nobody answered
  closed,              // the connection or stream is over
  try_later,           // not now; the same call may succeed later
  io,                  // the operating system said no
  state,               // the call does not fit the present state
  internal,            // our own mistake, caught
};

// snake_case name of the code, as `--json` prints it.
const char* code_name(ErrorCode code);

struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;  // one sentence: what happened
  std::string remedy;   // one sentence: what to do; may be empty
};

// Either a T or an Error. value() and error() must only be called for the side that is held.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : held_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return held_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() { return *std::get_if<0>(&held_); }
  const T& value() const { return *std::get_if<0>(&held_); }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T take() { return std::move(value()); }
  const Error& error() const { return *std::get_if<1>(&held_); }

 private:
  std::variant<T, Error> held_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}
  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace drawbridge
