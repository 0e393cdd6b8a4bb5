#include "vendor_history.hpp"

#include <algorithm>
#include <tuple>

#include "ziggy/base/log.hpp"
#include "ziggy/base/text.hpp"
#include "ziggy/domain/new_york.hpp"
#include "ziggy/domain/resample.hpp"

namespace ziggy::feed {
namespace {

constexpr log::Logger kLog{"feed"};

// Vendors count milliseconds from here on, and dates have four digits.
constexpr Timestamp kFirst{std::chrono::sys_days{std::chrono::year{1970} / 1 / 1}};
constexpr Timestamp kLast{std::chrono::sys_days{std::chrono::year{2200} / 1 / 1}};

net::Task<Result<VendorBars>> read_window(HistoryPages* pages, HistoryWindow window, Call call) {
  VendorBars all;
  // Whoever gets the other end first has to read to the end of the pages.
  bool is_order_kept = true;
  for (int count = 0; count < kPagesMax; ++count) {
    auto page = co_await pages->page(window, call);
    if (!page) co_return std::unexpected{std::move(page).error()};
    all.dropped += page->dropped;
    all.is_adjusted = all.is_adjusted || page->is_adjusted;
    if (page->bars.size() > 1 && page->is_ascending == window.is_newest_first) {
      is_order_kept = false;
    }
    const std::size_t room = page->bars.size();
    all.bars = join_pages(std::move(all.bars), cut_to(page->bars, window.range, room));
    if (page->next.empty() || (is_order_kept && all.bars.size() >= window.limit)) co_return all;
    if (page->next == window.next) {
      // A recording played back gives one page for ever; what it holds has been read.
      kLog.warning("page_repeats", {{"symbol", window.symbol.view()}});
      co_return all;
    }
    window.next = std::move(page->next);
  }
  co_return fail(ErrorCode::BadPayload, "{} pages and no end", kPagesMax);
}

net::Task<Result<VendorBars>> read_last(HistoryPages* pages, HistoryWindow window, Call call) {
  const Timestamp end = window.range.end;
  const std::size_t limit = window.limit;
  const Timestamp start = start_for_last(end, limit, window.interval, window.symbol.kind());
  window.is_newest_first = true;
  window.range = {start, end};
  auto found = co_await read_window(pages, window, call);
  const Timestamp earliest = start_for_last(end, SIZE_MAX, window.interval, window.symbol.kind());
  if (!found || found->bars.size() >= limit || start <= earliest) co_return found;
  // Seldom traded, or younger than the estimate: the rest of its history has what is missing.
  window.range = {earliest, start};
  window.limit = limit - found->bars.size();
  auto earlier = co_await read_window(pages, window, call);
  if (!earlier) {
    // Plans reach back two years or five, whatever the request.
    if (is_just_absent(earlier.error())) co_return found;
    co_return earlier;
  }
  found->bars = join_pages(std::move(earlier->bars), std::move(found->bars));
  found->dropped += earlier->dropped;
  found->is_adjusted = found->is_adjusted || earlier->is_adjusted;
  co_return found;
}

net::Task<Result<VendorBars>> read_plain(HistoryPages* pages, BarsRequest request, Call call) {
  HistoryWindow window{
      .symbol = request.symbol,
      .interval = request.interval,
      .range = {std::max(request.range.start, kFirst), std::min(request.range.end, kLast)},
      .limit = request.limit};
  if (window.range.start >= window.range.end || request.limit == 0) co_return VendorBars{};
  Result<VendorBars> found;
  if (request.range.start == kNoStart) {
    found = co_await read_last(pages, window, call);
  } else {
    found = co_await read_window(pages, window, call);
  }
  if (found) found->bars = cut_to(found->bars, request.range, request.limit);
  co_return found;
}

Timestamp ceiling(Timestamp time, Interval interval) {
  const Timestamp start = period_start(time, interval);
  return start == time ? time : period_end(start, interval);
}

}  // namespace

net::Task<Result<VendorBars>> read_history(HistoryPages* pages, BarsRequest request, Call call) {
  if (request.interval != Interval::Hour4) {
    auto found = co_await read_plain(pages, request, call);
    co_return found;
  }
  BarsRequest hours = request;
  hours.interval = Interval::Hour;
  // One period more, since the first or the last may be cut.
  hours.limit = std::min(request.limit, SIZE_MAX / 8) * 4 + 4;
  hours.range.end = ceiling(std::min(request.range.end, kLast), Interval::Hour4);
  if (hours.range.start != kNoStart)
    hours.range.start = ceiling(hours.range.start, Interval::Hour4);
  auto found = co_await read_plain(pages, hours, call);
  if (!found) co_return found;
  if (auto longer = resample(found->bars, Interval::Hour, Interval::Hour4)) {
    found->bars = cut_to(*longer, request.range, request.limit);
  }
  co_return found;
}

Call with_timeout(Call call, std::chrono::milliseconds timeout, const Clock& clock) {
  if (call.use == CallUse::Interactive) {
    call.deadline = std::min(call.deadline, clock.steady() + timeout);
  }
  return call;
}

Result<std::vector<CorporateAction>> what_is_known(Result<SaidActions> said,
                                                   std::string_view vendor, const Symbol& symbol) {
  if (!said) return std::unexpected{std::move(said).error()};
  if (!said->is_whole && said->actions.empty()) {
    return fail(ErrorCode::NoData, "{}: would not say the splits or dividends of {}", vendor,
                symbol.view());
  }
  return std::move(said->actions);
}

std::optional<SaidActions> ActionCache::find(const Symbol& symbol, const Clock& clock) const {
  const std::scoped_lock lock{mutex_};
  const auto found = entries_.find(symbol);
  if (found == entries_.end() || clock.steady() >= found->second.until) return std::nullopt;
  return found->second.said;
}

void ActionCache::keep(const Symbol& symbol, SaidActions said, const Clock& clock) {
  const Monotonic now = clock.steady();
  const std::scoped_lock lock{mutex_};
  if (entries_.size() >= kSymbolsMax && !entries_.contains(symbol)) {
    std::erase_if(entries_, [&](const auto& entry) { return now >= entry.second.until; });
    if (entries_.size() >= kSymbolsMax) entries_.erase(entries_.begin());
  }
  const std::chrono::nanoseconds lifetime = said.is_whole ? kKept : kRefusalKept;
  entries_[symbol] = {std::move(said), now + lifetime};
}

std::vector<CorporateAction> settle_actions(std::vector<CorporateAction> actions, Timestamp now) {
  const Timestamp today{new_york_date(now)};
  std::erase_if(actions, [&](const CorporateAction& action) { return action.ex_date > today; });
  std::ranges::sort(actions, {}, [](const CorporateAction& action) {
    return std::tuple{action.ex_date, action.kind, action.value};
  });
  const auto repeated = std::ranges::unique(actions);
  actions.erase(repeated.begin(), repeated.end());
  return actions;
}

bool is_just_absent(const Error& error) noexcept {
  return error.code() == ErrorCode::UnknownSymbol || error.code() == ErrorCode::NoData ||
         error.code() == ErrorCode::NotEntitled;
}

Error absent_route(std::string_view vendor, const VendorRefusal& refusal) {
  const bool is_page = text::trim(refusal.body).starts_with('<');
  Error error{ErrorCode::NoData,
              fmt::format("{}: 404 {}", vendor, is_page ? "with a page" : refusal.message)};
  if (is_page) return std::move(error).with_fields({{"body", "page", "a page instead of JSON"}});
  return error;
}

Error as_required(Error error) {
  if (error.code() != ErrorCode::NoData) return error;
  return Error{error.fields().empty() ? ErrorCode::UnknownSymbol : ErrorCode::BadPayload,
               error.detail()};
}

}  // namespace ziggy::feed
