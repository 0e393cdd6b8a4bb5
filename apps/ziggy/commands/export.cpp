#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "cli/stored_bars.hpp"
#include "commands/commands.hpp"
#include "ziggy/domain/csv.hpp"

namespace ziggy::app {

namespace {

/// Some 600 KB of text at a time.
constexpr std::size_t kRowsAtOnce = 10'000;

struct Options {
  std::string symbol;
  std::string interval = "1d";
  std::string from;
  std::string to;
  std::string output;
  // What the texts above turn into; made while the command line is checked.
  std::optional<StoredBarsWanted> wanted;
  Adjustment adjustment = Adjustment::Raw;
};

Result<TimeRange> range_of(const Options& options) {
  TimeRange range{Timestamp::min(), Timestamp::max()};
  if (!options.from.empty()) {
    ZIGGY_TRY(from, parse_rfc3339(options.from));
    range.start = from;
  }
  if (!options.to.empty()) {
    ZIGGY_TRY(to, parse_rfc3339(options.to));
    range.end = to;
  }
  return range;
}

/// Hands the text to `write` piece by piece until it says no.
template <class Write>
bool write_csv(const BarColumns& bars, Interval interval, Write write) {
  std::string text{kCsvHeader};
  for (std::size_t from = 0; from < bars.size(); from += kRowsAtOnce) {
    append_csv_bars(text, bars, from, std::min(bars.size(), from + kRowsAtOnce), interval);
    if (!write(text)) return false;
    text.clear();
  }
  return text.empty() || write(text);
}

/// The file is there whole or not at all.
Result<> write_file(const std::filesystem::path& path, const BarColumns& bars, Interval interval) {
  std::filesystem::path part = path;
  part += ".part";
  std::FILE* const file = std::fopen(part.c_str(), "wbe");
  if (file == nullptr)
    return fail(ErrorCode::ValidationFailed, "{}: cannot be written", part.string());
  const bool is_written = write_csv(bars, interval, [&](const std::string& text) {
    return std::fwrite(text.data(), 1, text.size(), file) == text.size();
  });
  const bool is_closed = std::fclose(file) == 0;
  std::error_code error;
  if (is_written && is_closed) std::filesystem::rename(part, path, error);
  if (is_written && is_closed && !error) return {};
  std::error_code ignored;
  std::filesystem::remove(part, ignored);
  return fail(ErrorCode::Internal, "{}: {}", path.string(),
              error ? error.message() : "could not be written");
}

Result<> check_usage(Options& options) {
  ZIGGY_TRY(symbol, Symbol::parse(options.symbol));
  ZIGGY_TRY(interval, parse_interval(options.interval));
  ZIGGY_TRY(range, range_of(options));
  options.wanted = StoredBarsWanted{symbol, interval, range, options.adjustment};
  return {};
}

Result<> run_export(Context& context, const Options& options) {
  const Interval interval = options.wanted->interval;
  ZIGGY_TRY(bars, read_stored_bars(context, *options.wanted));
  if (!options.output.empty()) {
    const Result<> written = write_file(options.output, bars, interval);
    if (!written) return written;
    context.print("{}: {} bars of {} {}\n", options.output, bars.size(),
                  options.wanted->symbol.view(), interval_name(interval));
    return {};
  }
  write_csv(bars, interval, [&](const std::string& text) {
    context.print(std::string_view{text});
    return true;
  });
  return {};
}

}  // namespace

void add_export_command(CLI::App& app, Runner& runner) {
  CLI::App& exporting = *app.add_subcommand("export", "Writes what is stored to files");
  exporting.require_subcommand(1);
  CLI::App& bars = *exporting.add_subcommand(
      "bars", "Writes stored bars as CSV; intervals that are not stored are made of shorter ones");
  const auto options = std::make_shared<Options>();
  bars.add_option("--symbol", options->symbol, "The symbol")->required();
  bars.add_option("--interval", options->interval, "1s, 1m, 5m, 15m, 30m, 1h, 4h, 1d, 1w or 1mo")
      ->capture_default_str();
  add_adjustment_option(bars, options->adjustment);
  bars.add_option("--from", options->from, "First date or RFC 3339 time (inside)");
  bars.add_option("--to", options->to, "Last date or RFC 3339 time (outside)");
  bars.add_option("--output", options->output, "File to write (default: stdout)");
  bars.parse_complete_callback([options] {
    const Result<> fine = check_usage(*options);
    if (!fine) throw CLI::ValidationError("export bars", fine.error().detail());
  });
  runner.on(bars, [options](Context& context) { return run_export(context, *options); });
}

}  // namespace ziggy::app
