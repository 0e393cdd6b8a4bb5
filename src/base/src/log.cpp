#include "ziggy/base/log.hpp"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <memory>
#include <mutex>

#include "log_line.hpp"
#include "log_writer.hpp"
#include "ziggy/base/assert.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::log {

namespace {

constexpr Logger kLog{"log"};  // its own voice

Timestamp now() noexcept {
  return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
}

thread_local bool scratch_is_gone = false;
struct Scratch {
  std::string line;
  ~Scratch() { scratch_is_gone = true; }
};
thread_local Scratch scratch;

std::string dropped_line(std::uint64_t count);
std::string stray_line(std::string_view text);

/// All that the log knows. Made on first use and never destroyed: lines come until the very end.
class Registry {
 public:
  static Registry& get() {
    static Registry* registry = new Registry;
    return *registry;
  }

  const Channel* channel(std::string_view name) {
    const std::lock_guard guard{mutex_};
    auto& channel = channels_[std::string{name}];
    if (!channel) {
      channel = std::make_unique<Channel>();
      channel->name = name;
      channel->threshold = threshold_of(name);
    }
    return channel.get();
  }

  void configure(const LogSettings& settings) {
    const std::lock_guard guard{mutex_};
    level_ = settings.level;
    levels_ = settings.levels;
    for (auto& [name, channel] : channels_) channel->threshold = threshold_of(name);
    redactors_.push_back(std::make_unique<const Redactor>(settings.secrets));
    redactor_ = redactors_.back().get();
    is_console_ = settings.format == Format::Console ||
                  (settings.format == Format::Auto && ::isatty(settings.output) == 1);
  }

  [[nodiscard]] const Redactor& redactor() const noexcept { return *redactor_.load(); }
  [[nodiscard]] Writer& writer() noexcept { return writer_; }

  void append_line(std::string& out, const Event& event) const {
    if (is_console_.load(std::memory_order_relaxed)) {
      append_console_line(out, event, redactor());
    } else {
      append_json_line(out, event, redactor());
    }
  }

 private:
  Registry() : is_console_{::isatty(STDERR_FILENO) == 1} {
    redactors_.push_back(std::make_unique<const Redactor>());
    redactor_ = redactors_.back().get();
  }

  /// The level of the name, or of the nearest part before a dot, or of all.
  [[nodiscard]] Level threshold_of(std::string_view name) const {
    for (;;) {
      if (const auto found = levels_.find(std::string{name}); found != levels_.end()) {
        return found->second;
      }
      const std::size_t dot = name.rfind('.');
      if (dot == std::string_view::npos) return level_;
      name = name.substr(0, dot);
    }
  }

  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Channel>> channels_;
  Level level_ = Level::Info;
  std::map<std::string, Level> levels_;
  // Replaced ones stay: a thread may be in the middle of a line.
  std::vector<std::unique_ptr<const Redactor>> redactors_;
  std::atomic<const Redactor*> redactor_{nullptr};
  std::atomic<bool> is_console_;
  Writer writer_{{dropped_line, stray_line}};
};

std::string dropped_line(std::uint64_t count) {
  std::string line;
  Registry::get().append_line(
      line, {now(), Level::Error, "log", "log_lines_dropped", "", {{"count", count}}});
  return line;
}

std::string stray_line(std::string_view text) {
  std::string line;
  Registry::get().append_line(line, {now(), Level::Warning, "stderr", text, "", {}});
  return line;
}

/// Async-signal-safe: no allocation, no lock that the dying thread may hold.
[[maybe_unused]] void on_fatal_signal(int signal) {
  char line[192];
  char* end = line;
  const auto put = [&](std::string_view text) {
    for (const char c : text) *end++ = c;
  };
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  put("{\"timestamp\":\"");
  end = write_rfc3339(
      end, Timestamp{std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec}},
      Subsecond::Micros);
  put("\",\"level\":\"critical\",\"logger\":\"log\",\"message\":\"fatal_signal\",\"");
  char* const same = end;
  put("stderr\":\"");
  Writer& writer = Registry::get().writer();
  writer.write_captured_dying({line, end}, "\"}\n");
  end = same;
  put("signal\":");
  if (signal >= 10) *end++ = static_cast<char>('0' + signal / 10);
  *end++ = static_cast<char>('0' + signal % 10);
  put("}\n");
  writer.write_dying({line, end});
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

void on_terminate() {
  if (const std::exception_ptr escaped = std::current_exception()) {
    try {
      std::rethrow_exception(escaped);
    } catch (const std::exception& error) {
      kLog.write(Level::Critical, nullptr, "uncaught_exception", {{"detail", error.what()}});
    } catch (...) {
      kLog.write(Level::Critical, nullptr, "uncaught_exception", {});
    }
  } else {
    kLog.write(Level::Critical, nullptr, "terminate_called", {});
  }
  Registry::get().writer().flush();
  std::abort();
}

void install_fatal_handlers() {
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) {
    ::signal(signal, on_fatal_signal);
  }
#endif
  std::set_terminate(on_terminate);
}

}  // namespace

Result<Level> parse_level(std::string_view text) {
  const std::string name = text::lower(text);
  for (const Level level : {Level::Trace, Level::Debug, Level::Info, Level::Warning, Level::Error,
                            Level::Critical, Level::Off}) {
    if (name == level_name(level)) return level;
  }
  if (name == "warn") return Level::Warning;
  return fail(ErrorCode::ValidationFailed, "'{}' is no log level", name);
}

std::string_view level_name(Level level) noexcept {
  switch (level) {
    case Level::Trace:
      return "trace";
    case Level::Debug:
      return "debug";
    case Level::Info:
      return "info";
    case Level::Warning:
      return "warning";
    case Level::Error:
      return "error";
    case Level::Critical:
      return "critical";
    case Level::Off:
      return "off";
  }
  return "off";
}

const Channel* Logger::find_channel() const noexcept {
  static const Channel kFallback{"log", {Level::Info}};
  try {
    const Channel* channel = Registry::get().channel(name_);
    channel_.store(channel, std::memory_order_release);
    return channel;
  } catch (...) {  // no memory: asked again next time
    return &kFallback;
  }
}

void Logger::append(Level level, const Call* call, std::string_view message,
                    std::initializer_list<Field> fields) const noexcept {
  try {
    Registry& registry = Registry::get();
    // Formatted outside the buffer's lock; its memory is kept from line to line, until the thread
    // ends and only a line from a destructor comes by.
    std::string last;
    std::string& line = scratch_is_gone ? last : scratch.line;
    line.clear();
    registry.append_line(
        line, {now(), level, name_, message,
               call == nullptr ? std::string_view{} : call->correlation_id.view(), fields});
    registry.writer().append(line, level >= Level::Warning);
  } catch (...) {  // No memory for a line of log: the work itself goes on.
  }
}

void start(const LogSettings& settings) {
  Registry& registry = Registry::get();
  registry.configure(settings);
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  constexpr bool kCanCapture = false;  // Their reports must reach the terminal as they are.
#else
  constexpr bool kCanCapture = true;
#endif
  registry.writer().start(settings.output, settings.background,
                          settings.capture_stderr && kCanCapture);
  if (settings.background) install_fatal_handlers();
}

void stop() noexcept { Registry::get().writer().stop(); }

void flush() noexcept { Registry::get().writer().flush(); }

LogStats stats() noexcept { return {Registry::get().writer().dropped()}; }

bool holds_secret(std::string_view text) noexcept {
  return Registry::get().redactor().touches(text);
}

std::string redact(std::string text) {
  const Redactor& redactor = Registry::get().redactor();
  return redactor.touches(text) ? redactor.redact(text) : std::move(text);
}

}  // namespace ziggy::log

namespace ziggy::detail {

void broken_invariant(const char* condition, const char* file, int line) noexcept {
  log::kLog.write(log::Level::Critical, nullptr, "broken_invariant",
                  {{"condition", condition}, {"file", file}, {"line", line}});
  log::flush();
  std::abort();
}

}  // namespace ziggy::detail
