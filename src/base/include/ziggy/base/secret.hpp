#pragma once

#include <string>
#include <string_view>

namespace ziggy {

/// A string that does not print: no stream operator, no formatter, no implicit conversion. Its
/// bytes are wiped when it goes.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_{std::move(value)} {}
  Secret(const Secret&) = default;
  Secret(Secret&&) noexcept = default;
  Secret& operator=(const Secret&) = default;
  Secret& operator=(Secret&&) noexcept = default;
  ~Secret();

  /// The value itself; the name makes each use easy to find in a review.
  [[nodiscard]] std::string_view reveal() const noexcept { return value_; }
  [[nodiscard]] bool empty() const noexcept { return value_.empty(); }

 private:
  std::string value_;
};

}  // namespace ziggy
