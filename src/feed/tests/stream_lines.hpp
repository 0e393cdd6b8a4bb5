#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "stream_protocol.hpp"

namespace ziggy::feed::testing {

inline std::string number(const std::optional<double>& value) {
  return value ? fmt::format("{}", *value) : "-";
}
inline std::string line_of(const Quote& quote) {
  return fmt::format("quote {} {} {}x{} {}x{} last {}", quote.symbol.view(),
                     to_rfc3339(quote.as_of), number(quote.bid), number(quote.bid_size),
                     number(quote.ask), number(quote.ask_size), number(quote.last));
}
inline std::string line_of(const Trade& trade) {
  return fmt::format("trade {} {} {}x{} #{}", trade.symbol.view(), to_rfc3339(trade.time),
                     trade.price, trade.size, trade.id);
}
inline std::string line_of(const Symbol& symbol, Interval interval, const Bar& bar,
                           BarPhase phase) {
  constexpr std::string_view kPhases[] = {"closed", "running", "corrected"};
  return fmt::format("bar {} {} {} {} {}/{}/{}/{} {}", symbol.view(), interval_name(interval),
                     kPhases[static_cast<std::size_t>(phase)], to_rfc3339(bar.time), bar.open,
                     bar.high, bar.low, bar.close, bar.volume);
}
inline std::string line_of(const Error& error) {
  return fmt::format("{} ({})", code_name(error.code()), error.detail());
}

/// What a parser says, one line each.
class LinesSink final : public StreamSink {
 public:
  std::vector<std::string> lines;

  void on_quote(const Quote& quote) override { lines.push_back(line_of(quote)); }
  void on_trade(const Trade& trade) override { lines.push_back(line_of(trade)); }
  void on_bar(const Symbol& symbol, Interval interval, const Bar& bar, BarPhase phase) override {
    lines.push_back(line_of(symbol, interval, bar, phase));
  }
  void on_greeting() override { lines.emplace_back("greeting"); }
  void on_authenticated() override { lines.emplace_back("authenticated"); }
  void on_subscribed(const Symbol& symbol) override {
    lines.push_back("subscribed " + std::string{symbol.view()});
  }
  void on_denied(Error error) override { lines.push_back("denied " + line_of(error)); }
  void on_failed(Error error) override { lines.push_back("failed " + line_of(error)); }
  void on_dropped() override { lines.emplace_back("dropped"); }
  void on_ignored() override { lines.emplace_back("ignored"); }
};

/// Lines that one thread adds and another waits for.
class Lines {
 public:
  void add(std::string line) {
    const std::lock_guard lock{mutex_};
    lines_.push_back(std::move(line));
  }
  [[nodiscard]] std::vector<std::string> all() const {
    const std::lock_guard lock{mutex_};
    return lines_;
  }
  /// How many lines begin so.
  [[nodiscard]] std::size_t count(std::string_view beginning) const {
    const std::lock_guard lock{mutex_};
    return static_cast<std::size_t>(std::ranges::count_if(
        lines_, [beginning](const std::string& line) { return line.starts_with(beginning); }));
  }
  /// Waits, five seconds at most, until `times` lines begin so.
  [[nodiscard]] bool wait(std::string_view beginning, std::size_t times = 1) const {
    for (int i = 0; i < 5'000; ++i) {
      if (count(beginning) >= times) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    return false;
  }
  /// For a failed expectation.
  [[nodiscard]] std::string text() const {
    std::string out;
    for (const std::string& line : all()) out += line + '\n';
    return out;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

/// What a stream tells its listener, one line each.
class LinesListener final : public TickListener {
 public:
  Lines lines;

  void on_quote(std::string_view, const Quote& quote) override { lines.add(line_of(quote)); }
  void on_trade(std::string_view, const Trade& trade) override { lines.add(line_of(trade)); }
  void on_bar(std::string_view, const Symbol& symbol, Interval interval, const Bar& bar,
              BarPhase phase) override {
    lines.add(line_of(symbol, interval, bar, phase));
  }
  void on_subscribed(std::string_view provider, const Symbol& symbol,
                     const Result<>& outcome) override {
    lines.add(fmt::format("{} {} {}", provider, symbol.view(),
                          outcome ? "subscribed" : line_of(outcome.error())));
  }
  void on_stream_state(std::string_view provider, StreamState state,
                       std::string_view detail) override {
    lines.add(fmt::format("{} is {}: {}", provider, stream_state_name(state), detail));
  }
};

}  // namespace ziggy::feed::testing
