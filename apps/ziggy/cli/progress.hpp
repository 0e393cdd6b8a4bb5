#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace ziggy::app {

/// Says on stderr how far a long command is: a bar that redraws itself on a terminal, at most ten
/// times a second; elsewhere plain lines, at most twenty a second. The end is not drawn: the
/// command's result says it, and work that is over in one step stays silent.
class Progress {
 public:
  enum class Style { Bar, Lines, Silent };

  /// Bar if a person reads stderr, otherwise Lines.
  [[nodiscard]] static Style style_of_stderr() noexcept;

  /// `unit` in the plural: "bars".
  Progress(Style style, std::string title, std::string unit);
  /// Wipes the bar away.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(std::size_t done, std::size_t total);

 private:
  using SteadyClock = std::chrono::steady_clock;

  Style style_;
  std::string title_;
  std::string unit_;
  SteadyClock::time_point next_;
  bool is_drawn_ = false;
};

}  // namespace ziggy::app
