#include "ziggy/feed/file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "ziggy/base/log.hpp"
#include "ziggy/domain/csv.hpp"
#include "ziggy/domain/resample.hpp"

namespace ziggy::feed {
namespace {

constexpr log::Logger kLog{"file"};
namespace fs = std::filesystem;

// One file as it was when it was read.
struct Parsed {
  fs::path path;
  fs::file_time_type changed;
  std::uintmax_t size = 0;
  BarColumns bars;
  std::vector<CorporateAction> actions;
  Interval interval = Interval::Day;

  [[nodiscard]] std::size_t bytes() const {
    return sizeof(Parsed) + bars.size() * 6 * sizeof(double) +
           actions.size() * sizeof(CorporateAction);
  }
};
using ParsedPtr = std::shared_ptr<const Parsed>;

Result<std::string> read_whole(const fs::path& path, std::uintmax_t size) {
  std::string text(static_cast<std::size_t>(size), '\0');
  std::FILE* const file = std::fopen(path.c_str(), "rbe");
  if (file == nullptr) {
    return fail(ErrorCode::ProviderUnavailable, "{} can't be opened: {}", path.filename().string(),
                std::error_code{errno, std::system_category()}.message());
  }
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

}  // namespace

struct FileProvider::State final : public BarSource, public QuoteSource {
  State(FileSettings chosen, net::BlockingPool& threads)
      : settings{std::move(chosen)}, pool{threads} {}

  net::Task<Result<BarsReply>> bars(BarsRequest request, Call /*call*/) override {
    auto reply = co_await pool.run([this, request] { return read(request); });
    co_return reply;
  }

  net::Task<Result<Quote>> quote(Symbol symbol, Call /*call*/) override {
    auto quote = co_await pool.run([this, symbol] { return last_close(symbol); });
    co_return quote;
  }

  // What follows blocks: on a thread of the pool.

  Result<BarsReply> read(const BarsRequest& request) {
    ZIGGY_TRY(file, load(request.symbol, request.interval));
    const BarColumns* bars = &file->bars;
    BarColumns longer;
    if (file->interval != request.interval) {
      auto resampled = resample(file->bars, file->interval, request.interval);
      if (!resampled) {
        return fail(ErrorCode::NotSupported, "the file of {} has {} bars, no {}",
                    request.symbol.view(), interval_name(file->interval),
                    interval_name(request.interval));
      }
      longer = std::move(*resampled);
      bars = &longer;
    }
    BarsReply reply;
    reply.actions = file->actions;
    if (!file->bars.empty()) reply.as_of = file->bars.time_at(file->bars.size() - 1);
    const std::size_t end = bars->lower_bound(request.range.end);
    std::size_t from = std::min(bars->lower_bound(request.range.start), end);
    std::size_t to = end;
    if (request.range.start == kNoStart) {
      from = end - std::min(end, request.limit);
    } else {
      to = from + std::min(end - from, request.limit);
    }
    reply.bars.append(*bars, from, to);
    return reply;
  }

  Result<Quote> last_close(const Symbol& symbol) {
    ZIGGY_TRY(file, load(symbol, Interval::Day));
    const BarColumns& bars = file->bars;
    if (bars.empty()) return fail(ErrorCode::BadPayload, "the file of {} is empty", symbol.view());
    Quote quote;
    quote.symbol = symbol;
    quote.as_of = bars.time_at(bars.size() - 1);
    quote.last = bars.close.back();
    if (file->interval == Interval::Day) {
      quote.volume = bars.volume.back();
      if (bars.size() > 1) quote.prev_close = bars.close[bars.size() - 2];
    }
    return quote;
  }

  // A symbol's characters are letters, digits and ". - = ^ _", the first no dot: no path leads out
  // of the folder.
  Result<ParsedPtr> load(const Symbol& symbol, Interval interval) {
    const std::string exact = fmt::format("{}_{}.csv", symbol.view(), interval_name(interval));
    const std::string plain = fmt::format("{}.csv", symbol.view());
    for (const auto& [name, is_exact] : {std::pair{exact, true}, std::pair{plain, false}}) {
      for (const fs::path& folder : settings.folders) {
        std::error_code error;
        const fs::path path = folder / name;
        if (!fs::is_regular_file(path, error)) continue;
        return load_file(path, is_exact ? std::optional{interval} : std::nullopt);
      }
    }
    return fail(ErrorCode::UnknownSymbol, "there is no file {}", plain);
  }

  Result<ParsedPtr> load_file(const fs::path& path, std::optional<Interval> interval) {
    std::error_code error;
    const auto changed = fs::last_write_time(path, error);
    const std::uintmax_t size = error ? 0 : fs::file_size(path, error);
    if (error) {
      return fail(ErrorCode::ProviderUnavailable, "{}: {}", path.filename().string(),
                  error.message());
    }
    if (auto kept = find(path, changed, size)) return kept;
    if (size > kFileBytesMax) {
      return fail(ErrorCode::BadPayload, "{} is larger than {} MB: import it",
                  path.filename().string(), kFileBytesMax >> 20U);
    }
    ZIGGY_TRY(text, read_whole(path, size));
    BarFile file = read_csv_bars(text, interval);
    check_contracts(file);
    if (!file.is_clean()) {
      return fail(ErrorCode::BadPayload, "{}, {}", path.filename().string(),
                  describe(file.problems.front()));
    }
    auto parsed = std::make_shared<Parsed>();
    parsed->path = path;
    parsed->changed = changed;
    parsed->size = size;
    parsed->bars = std::move(file.bars);
    parsed->actions = std::move(file.actions);
    parsed->interval = file.interval;
    kLog.debug("file_read", {{"file", path.filename().string()}, {"bars", parsed->bars.size()}});
    keep(parsed);
    return parsed;
  }

  ParsedPtr find(const fs::path& path, fs::file_time_type changed, std::uintmax_t size) {
    const std::lock_guard lock{mutex};
    const auto found = std::ranges::find(cache, path, [](const ParsedPtr& p) { return p->path; });
    if (found == cache.end()) return nullptr;
    if ((*found)->changed != changed || (*found)->size != size) {
      cache_used -= (*found)->bytes();
      cache.erase(found);
      return nullptr;
    }
    cache.splice(cache.begin(), cache, found);
    return cache.front();
  }

  void keep(const ParsedPtr& parsed) {
    const std::lock_guard lock{mutex};
    // Another thread may have read the same file meanwhile.
    std::erase_if(cache, [&](const ParsedPtr& other) {
      if (other->path != parsed->path) return false;
      cache_used -= other->bytes();
      return true;
    });
    cache.push_front(parsed);
    cache_used += parsed->bytes();
    while (cache_used > settings.cache_bytes && !cache.empty()) {
      cache_used -= cache.back()->bytes();
      cache.pop_back();
    }
  }

  FileSettings settings;
  net::BlockingPool& pool;
  std::mutex mutex;
  std::list<ParsedPtr> cache;  // most recently used first; guarded by mutex
  std::size_t cache_used = 0;  // guarded by mutex
};

FileProvider::FileProvider(FileSettings settings, net::BlockingPool& pool)
    : state_{std::make_unique<State>(std::move(settings), pool)} {}

FileProvider::~FileProvider() = default;

BarSource* FileProvider::bars() noexcept { return state_.get(); }
QuoteSource* FileProvider::quotes() noexcept { return state_.get(); }

std::vector<SymbolInfo> FileProvider::symbols() const {
  std::vector<SymbolInfo> symbols;
  for (const fs::path& folder : state_->settings.folders) {
    std::error_code error;
    for (fs::directory_iterator entry{folder, error}, end; !error && entry != end;
         entry.increment(error)) {
      if (entry->path().extension() != ".csv" || symbols.size() == kSymbolsMax) continue;
      const auto symbol =
          Symbol::parse(split_bar_file_name(entry->path().filename().string()).symbol);
      if (symbol) symbols.push_back({.symbol = *symbol, .name = {}});
    }
  }
  std::ranges::sort(symbols, {}, &SymbolInfo::symbol);
  const auto doubles = std::ranges::unique(symbols, {}, &SymbolInfo::symbol);
  symbols.erase(doubles.begin(), doubles.end());
  return symbols;
}

}  // namespace ziggy::feed
