#include "cli/progress.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "cli/context.hpp"

namespace ziggy::app {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kBarWidth = 30;

std::string bar_of(std::size_t done, std::size_t total) {
  const std::size_t full = total == 0 ? 0 : kBarWidth * done / total;
  return std::string(full, '#') + std::string(kBarWidth - full, '.');
}

void write_stderr(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

Progress::Style Progress::style_of_stderr() noexcept {
  return Context::stderr_is_terminal() ? Style::Bar : Style::Lines;
}

Progress::Progress(Style style, std::string title, std::string unit)
    : style_{style}, title_{std::move(title)}, unit_{std::move(unit)}, next_{SteadyClock::now()} {}

Progress::~Progress() {
  if (is_drawn_) write_stderr("\r\x1b[K");
}

void Progress::update(std::size_t done, std::size_t total) {
  const auto now = SteadyClock::now();
  if (style_ == Style::Silent || now < next_ || done >= total) return;
  const double percent =
      total == 0 ? 0 : 100.0 * static_cast<double>(done) / static_cast<double>(total);
  if (style_ == Style::Lines) {
    next_ = now + 50ms;
    write_stderr(fmt::format("{}: {} of {} {} ({:.0f} %)\n", title_, done, total, unit_, percent));
    return;
  }
  next_ = now + 100ms;
  is_drawn_ = true;
  write_stderr(fmt::format("\r\x1b[K{} [{}] {:.0f} %  {} of {} {}", title_, bar_of(done, total),
                           percent, done, total, unit_));
}

}  // namespace ziggy::app
