#include "ziggy/base/log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <csignal>
#include <functional>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "ziggy/base/assert.hpp"
#include "ziggy/base/redact.hpp"
#include "ziggy/base/time.hpp"

namespace ziggy {
namespace {

namespace json = boost::json;
constexpr log::Logger kLog{"test"};
constexpr log::Logger kChild{"test.child"};

/// The lines that `work` writes with these settings.
std::vector<std::string> lines_of(log::LogSettings settings, const std::function<void()>& work) {
  const int file = ::memfd_create("log", MFD_CLOEXEC);
  settings.output = file;
  if (settings.format == log::Format::Auto) settings.format = log::Format::Json;
  log::start(settings);
  work();
  log::stop();
  log::start({});
  std::string text(static_cast<std::size_t>(::lseek(file, 0, SEEK_END)), '\0');
  EXPECT_EQ(::pread(file, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  ::close(file);
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    EXPECT_NE(end, std::string::npos) << "the last line is whole";
    if (end == std::string::npos) break;
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

json::object only_line(const std::function<void()>& work, log::LogSettings settings = {}) {
  const auto lines = lines_of(std::move(settings), work);
  EXPECT_EQ(lines.size(), 1U);
  return lines.empty() ? json::object{} : json::parse(lines.front()).as_object();
}

TEST(Log, ALineSaysWhenHowBadWhoWhatAndForWhichRequest) {
  Call call;
  call.correlation_id = CorrelationId::parse("req-1").value();
  const json::object line = only_line([&] {
    kLog.info(call, "request",
              {{"status", 200},
               {"took", 1.5},
               {"ok", true},
               {"path", "/a\"b"},
               {"big", std::numeric_limits<std::uint64_t>::max()},
               {"low", std::numeric_limits<std::int64_t>::min()}});
  });
  const std::string time{line.at("timestamp").as_string()};
  EXPECT_EQ(time.size(), std::string_view{"2004-08-19T13:30:00.123456Z"}.size());
  EXPECT_TRUE(parse_rfc3339(time));
  EXPECT_EQ(line.at("level"), "info");
  EXPECT_EQ(line.at("logger"), "test");
  EXPECT_EQ(line.at("message"), "request");
  EXPECT_EQ(line.at("correlation_id"), "req-1");
  EXPECT_EQ(line.at("status"), 200);
  EXPECT_EQ(line.at("took"), 1.5);
  EXPECT_EQ(line.at("ok"), true);
  EXPECT_EQ(line.at("path"), "/a\"b");
  EXPECT_EQ(line.at("big"), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(line.at("low"), std::numeric_limits<std::int64_t>::min());
}

TEST(Log, AFieldCannotTakeThePlaceOfWhatEveryLineHas) {
  const json::object line = only_line([] { kLog.info("m", {{"level", "x"}, {"message", "y"}}); });
  EXPECT_EQ(line.at("level"), "info");
  EXPECT_EQ(line.at("message"), "m");
  EXPECT_EQ(line.at("field_level"), "x");
  EXPECT_EQ(line.at("field_message"), "y");
}

TEST(Log, NumbersThatJsonDoesNotHaveBecomeNull) {
  const json::object line =
      only_line([] { kLog.info("m", {{"a", std::nan("")}, {"b", HUGE_VAL}}); });
  EXPECT_TRUE(line.at("a").is_null());
  EXPECT_TRUE(line.at("b").is_null());
}

TEST(Log, EachLoggerHasItsLevelAndAChildItsParents) {
  log::LogSettings settings{.level = log::Level::Error, .levels = {{"test", log::Level::Debug}}};
  EXPECT_EQ(lines_of(settings, [] { kLog.debug("a"), kChild.debug("b"); }).size(), 2U);
  settings.levels["test.child"] = log::Level::Off;
  EXPECT_EQ(lines_of(settings, [] { kLog.debug("a"), kChild.error("b"); }).size(), 1U);
  settings.levels.clear();
  EXPECT_EQ(lines_of(settings, [] { kLog.warning("a"), kChild.error("b"); }).size(), 1U);
}

TEST(Log, FieldsOfSecretNamesAreMaskedWhateverTheyHold) {
  const json::object line = only_line(
      [] { kLog.info("m", {{"password", "x"}, {"api_key", 12345}, {"X-Auth-Token", "y"}}); });
  EXPECT_EQ(line.at("password"), "***");
  EXPECT_EQ(line.at("api_key"), "***");
  EXPECT_EQ(line.at("X-Auth-Token"), "***");
}

TEST(Log, ALongTextIsCutAndALongLineSaysSo) {
  const std::string text(100'000, 'x');
  const json::object line =
      only_line([&] { kLog.info("m", {{"a", text}, {"b", text}, {"c", text}, {"d", text}}); });
  EXPECT_LT(line.at("a").as_string().size(), text.size());
  EXPECT_EQ(line.at("truncated"), true);
  EXPECT_LT(json::serialize(line).size(), 64U * 1024);
}

TEST(Log, EveryThreadsLinesArriveInTheirOrderAndWholeThroughTheBackgroundWriter) {
  constexpr int kThreads = 4;
  constexpr int kLines = 500;
  const auto lines = lines_of({.background = true}, [] {
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([t] {
        for (int i = 0; i < kLines; ++i) kLog.info("line", {{"thread", t}, {"number", i}});
      });
    }
    for (std::thread& thread : threads) thread.join();
  });
  ASSERT_EQ(lines.size(), static_cast<std::size_t>(kThreads * kLines));
  std::vector<std::int64_t> next(kThreads, 0);
  for (const std::string& text : lines) {
    const json::object line = json::parse(text).as_object();
    EXPECT_EQ(line.at("number").as_int64(),
              next[static_cast<std::size_t>(line.at("thread").as_int64())]++);
  }
}

TEST(Log, FullBuffersDropLinesCountThemAndSaySo) {
  int pipe_fds[2];
  ASSERT_EQ(::pipe2(pipe_fds, O_CLOEXEC), 0);
  log::start({.format = log::Format::Json, .output = pipe_fds[1], .background = true});
  const std::uint64_t dropped_before = log::stats().dropped;
  // Nobody reads the pipe yet: 64 KiB in it and a buffer or two later there is no room.
  const std::string text(4000, 'x');
  for (int i = 0; i < 2000; ++i) kLog.info("m", {{"a", text}});
  const std::uint64_t dropped = log::stats().dropped - dropped_before;
  EXPECT_GT(dropped, 0U);
  std::string all;
  std::thread reader{[&] {
    std::string bytes(65536, '\0');
    for (ssize_t got = 0; (got = ::read(pipe_fds[0], bytes.data(), bytes.size())) > 0;) {
      all.append(bytes, 0, static_cast<std::size_t>(got));
    }
  }};
  log::stop();
  log::start({});
  ::close(pipe_fds[1]);
  reader.join();
  ::close(pipe_fds[0]);
  EXPECT_NE(all.find("\"message\":\"log_lines_dropped\",\"count\":"), std::string::npos);
}

TEST(Log, TheConsoleFormIsOneLineWithEscapes) {
  const auto lines = lines_of({.format = log::Format::Console}, [] {
    kLog.info("started", {{"url", "http://x"}, {"text", "two\nlines \x1b[2J"}, {"token", "t"}});
  });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find("test: started url=http://x text=\"two\\nlines \\u001b[2J\" token=***"),
            std::string::npos)
      << lines[0];
}

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

/// What a child process writes to stderr until `work` has ended it.
std::vector<std::string> stderr_of_child(const std::function<void()>& work) {
  int pipe_fds[2];
  EXPECT_EQ(::pipe2(pipe_fds, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(pipe_fds[1], STDERR_FILENO);
    work();
    ::_exit(0);
  }
  ::close(pipe_fds[1]);
  std::string text;
  char bytes[4096];
  for (ssize_t got = 0; (got = ::read(pipe_fds[0], bytes, sizeof bytes)) > 0;) {
    text.append(bytes, static_cast<std::size_t>(got));
  }
  ::close(pipe_fds[0]);
  ::waitpid(child, nullptr, 0);
  std::vector<std::string> lines;
  std::istringstream stream{text};
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

bool says(const std::vector<std::string>& lines, std::string_view part) {
  return std::ranges::any_of(
      lines, [&](const std::string& line) { return line.find(part) != std::string::npos; });
}

TEST(Log, WhatIsBufferedSurvivesAFatalSignalWhichIsNamed) {
  for (const int signal : {SIGSEGV, SIGABRT, SIGFPE}) {
    const auto lines = stderr_of_child([signal] {
      log::start({.format = log::Format::Json, .background = true});
      kLog.info("last words");
      ::raise(signal);
    });
    EXPECT_TRUE(says(lines, "last words"));
    ASSERT_FALSE(lines.empty());
    const json::object last = json::parse(lines.back()).as_object();
    EXPECT_EQ(last.at("message"), "fatal_signal");
    EXPECT_EQ(last.at("signal"), signal);
  }
}

TEST(Log, ABrokenInvariantAndAnUncaughtExceptionAreLinesOfOurs) {
  const auto broken = stderr_of_child([] {
    log::start({.format = log::Format::Json, .background = true});
    ZIGGY_ASSERT(1 + 1 == 3);
  });
  EXPECT_TRUE(says(broken, "\"condition\":\"1 + 1 == 3\",\"file\":\"log_test.cpp\""));
  const auto thrown = stderr_of_child([] {
    log::start({.format = log::Format::Json, .background = true});
    std::thread{[] { throw std::runtime_error{"nobody \"caught\" this"}; }}.join();
  });
  EXPECT_TRUE(says(thrown, "nobody \\\"caught\\\" this"));
  for (const std::string& line : broken) EXPECT_TRUE(json::parse(line).is_object()) << line;
  for (const std::string& line : thrown) EXPECT_TRUE(json::parse(line).is_object()) << line;
}

TEST(Log, WhatALibraryWritesToStderrBecomesALineOfOursWithoutSecrets) {
  const auto lines = stderr_of_child([] {
    log::start({.format = log::Format::Json,
                .secrets = {Secret{"s3cr3t-value"}},
                .background = true,
                .capture_stderr = true});
    std::fputs("libthing: \"oops\" s3cr3t-value\nno newline at the end", stderr);
    log::stop();
  });
  ASSERT_EQ(lines.size(), 2U);
  const json::object line = json::parse(lines[0]).as_object();
  EXPECT_EQ(line.at("logger"), "stderr");
  EXPECT_EQ(line.at("message"), "libthing: \"oops\" ***");
  EXPECT_EQ(json::parse(lines[1]).at("message"), "no newline at the end");
}

#endif

RC_GTEST_PROP(Log, AnyBytesGiveOneLineOfValidJson,
              (const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b)) {
  const std::string message{a.begin(), a.end()};
  const std::string value{b.begin(), b.end()};
  const auto lines =
      lines_of({}, [&] { kLog.info(message, {{value, message}, {"value", value}}); });
  RC_ASSERT(lines.size() == 1U);
  RC_ASSERT(json::parse(lines.front()).is_object());
}

RC_GTEST_PROP(Log, NoKnownSecretIsInAnyLineNorInARedactedText, (bool background)) {
  const auto size = *rc::gen::inRange<std::size_t>(Redactor::kSecretSizeMin, 60);
  const auto value = *rc::gen::container<std::string>(size, rc::gen::inRange<char>(33, 126));
  RC_PRE(value.find('*') == std::string::npos);
  const std::string before = *rc::gen::string<std::string>();
  const std::string nested = before + value + *rc::gen::string<std::string>();
  const Call call{.correlation_id = CorrelationId::parse(value).value_or(CorrelationId::make())};
  std::string redacted;
  const auto lines = lines_of({.secrets = {Secret{value}}, .background = background}, [&] {
    kLog.error(call, nested, {{"field", nested}, {nested, "x"}, {"alone", value}});
    redacted = log::redact(nested);
  });
  RC_ASSERT(lines.size() == 1U);
  RC_ASSERT(lines.front().find(value) == std::string::npos);
  RC_ASSERT(redacted.find(value) == std::string::npos);
}

}  // namespace
}  // namespace ziggy
