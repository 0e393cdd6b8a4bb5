#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "board.hpp"
#include "wire.hpp"
#include "ziggy/domain/adjust.hpp"
#include "ziggy/net/query.hpp"
#include "ziggy/standin/standin.hpp"

namespace ziggy::standin {

/// One request to one vendor, and what it is answered from.
struct Ask {
  Tape& tape;
  const StandInSettings& settings;
  /// The market's time, earlier when the answer is to be stale.
  Timestamp now;
  DataFaults faults{};
  WireRequest wire{};
  net::QueryParams params{};
  /// The path below the vendor's prefix, decoded, by its slashes.
  std::vector<std::string> path{};
  /// "http://127.0.0.1:8123": like the vendor's own, the address of a next page knows nothing of
  /// the prefix that the client came by.
  std::string base{};

  [[nodiscard]] std::string param(std::string_view name, std::string_view otherwise = {}) const;
  /// nullopt when absent or not whole.
  [[nodiscard]] std::optional<std::int64_t> whole(std::string_view name) const;
  /// What the answer calls the symbol.
  [[nodiscard]] std::string_view shown(std::string_view symbol) const {
    return faults.is_wrong_symbol ? "WRONG" : symbol;
  }
};

/// Which part of a vendor a path is about; nullopt: there is no such path.
[[nodiscard]] std::optional<Route> yahoo_route(std::string_view path);
[[nodiscard]] std::optional<Route> polygon_route(std::string_view path);
[[nodiscard]] std::optional<Route> alpaca_route(std::string_view path);

[[nodiscard]] net::Task<WireAnswer> answer_yahoo(Ask ask);
[[nodiscard]] net::Task<WireAnswer> answer_polygon(Ask ask);
[[nodiscard]] net::Task<WireAnswer> answer_alpaca(Ask ask);

/// The vendor's body for a status, with its Retry-After if any.
[[nodiscard]] WireAnswer error_answer(Vendor vendor, int status, std::chrono::seconds retry_after);
/// A page for people where a program expects JSON.
[[nodiscard]] WireAnswer html_answer();

/// Bars as every vendor starts from: unadjusted, with the ask's faults in them.
[[nodiscard]] net::Task<Result<feed::BarsReply>> bars_of(const Ask* ask, feed::BarsRequest request);
[[nodiscard]] net::Task<Result<Quote>> quote_of(const Ask* ask, Symbol symbol);
/// Both together with the session so far and the one before.
struct Snapshot {
  Quote quote;
  /// Absent before the session's first hour.
  std::optional<Bar> day;
  std::optional<Bar> previous;
  std::optional<Bar> minute;
};
[[nodiscard]] net::Task<Result<Snapshot>> snapshot_of(const Ask* ask, Symbol symbol);

/// Brought to the basis of splits, or splits and dividends, of all history up to now; `closes` is
/// asked for when dividends need it.
[[nodiscard]] net::Task<Result<BarColumns>> adjusted(const Ask* ask, feed::BarsRequest request,
                                                     feed::BarsReply reply, Adjustment adjustment);

/// `4` as 4 to 1, `0.1` as 1 to 10, `1.5` as 3 to 2.
struct Ratio {
  int to = 1;
  int from = 1;
};
[[nodiscard]] Ratio ratio_of(double split) noexcept;
/// How many of today's shares one share of `date` is.
[[nodiscard]] double splits_after(const std::vector<CorporateAction>& actions,
                                  Timestamp date) noexcept;

/// "2004-08-19".
[[nodiscard]] std::string date_text(Timestamp time);
/// Midnight on New York's wall of a session date given at 00:00Z; coins keep UTC.
[[nodiscard]] Timestamp local_midnight(Timestamp date, const Symbol& symbol) noexcept;
/// The price times volume of nothing but the bar's middle: good for a `vw`.
[[nodiscard]] double middle(const Bar& bar) noexcept;
/// What only the vendor reads: the cursor of a next page.
[[nodiscard]] std::string token_of(std::string_view bytes);
[[nodiscard]] std::optional<std::string> from_token(std::string_view token);

}  // namespace ziggy::standin
