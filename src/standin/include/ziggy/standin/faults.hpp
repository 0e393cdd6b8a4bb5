#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/result.hpp"

namespace ziggy::standin {

enum class Vendor : std::uint8_t { Yahoo, Polygon, Alpaca };
inline constexpr std::array kVendors = {Vendor::Yahoo, Vendor::Polygon, Vendor::Alpaca};
/// `yahoo`, `polygon`, `alpaca`.
[[nodiscard]] std::string_view vendor_name(Vendor vendor) noexcept;

/// What a request is about. Quotes: quotes, trades and snapshots. Reference: symbols, splits,
/// dividends. Session: a vendor's own handshake (Yahoo's cookie and crumb).
enum class Route : std::uint8_t { Bars, Quotes, Reference, Session, Stream };
inline constexpr std::array kRoutes = {Route::Bars, Route::Quotes, Route::Reference, Route::Session,
                                       Route::Stream};
/// `bars`, `quotes`, `reference`, `session`, `stream`.
[[nodiscard]] std::string_view route_name(Route route) noexcept;

/// How a vendor fails. What is said of answers holds for the messages of a stream too, unless said.
enum class FaultKind : std::uint8_t {
  Delay,        ///< answers `ms` late
  Hang,         ///< takes the request and never answers
  Trickle,      ///< sends `bytes_per_second` of its answer
  Reset,        ///< sends half an answer, then resets the connection; stream: at a message
  Refuse,       ///< resets the connection before it answers
  Status,       ///< answers `status`, with Retry-After if `retry_after`; stream: at the upgrade
  Html,         ///< 200 and a page of HTML; stream: at the upgrade
  Truncate,     ///< a JSON text that is cut; the connection ends before what was announced has come
  Empty,        ///< 200 and nothing; stream: an empty list
  Duplicate,    ///< every row, every message twice
  OutOfOrder,   ///< neighbouring rows, messages changed round
  Stale,        ///< as it was `ms` ago (an hour unless said)
  WrongSymbol,  ///< another symbol's name and prices
  NegativePrice,  ///< prices below zero
  Silent,         ///< stream only: connected, pongs, says nothing; else as Hang
  Drop,  ///< stream only: every connection is reset when the step begins and while it lasts
  LimitConnections,  ///< stream only: one connection too many (Alpaca's 406); else answers 429
};
[[nodiscard]] std::string_view fault_name(FaultKind kind) noexcept;

/// One line of a script: what fails how, from when, for how long.
struct FaultStep {
  std::chrono::milliseconds at{0};
  /// Zero: no end; a Drop without an end happens once.
  std::chrono::milliseconds lasts{0};
  /// Zero: once; else it comes again.
  std::chrono::milliseconds every{0};
  /// Absent: all.
  std::optional<Vendor> vendor;
  std::optional<Route> route;
  FaultKind kind = FaultKind::Delay;
  /// Delay: how long; Stale: how old.
  std::chrono::milliseconds amount{0};
  int status = 503;
  std::chrono::seconds retry_after{0};
  /// The share of requests and messages that it hits, above 0 up to 1.
  double rate = 1;
  std::uint32_t bytes_per_second = 20;

  [[nodiscard]] bool concerns(Vendor who, Route what) const noexcept {
    return (!vendor || *vendor == who) && (!route || *route == what);
  }
  /// `since`: from the start of the script, in its own time.
  [[nodiscard]] bool is_on(std::chrono::milliseconds since) const noexcept;
  /// "polygon bars: status 503", for people.
  [[nodiscard]] std::string describe() const;
};

/// What fails when. Times in it pass `speed` times as fast as the wall clock.
struct FaultScript {
  double speed = 1;
  std::vector<FaultStep> steps;

  static constexpr std::size_t kBytesMax = 1024 * 1024;
  static constexpr std::size_t kStepsMax = 1'000;

  /// Reads `{"speed":1,"steps":[{"at":"10s","for":"20s","every":"1m","vendor":"polygon",
  /// "route":"bars","fault":"status","status":429,"retry_after":30,"rate":0.5}]}`. Times are
  /// "250ms", "10s", "2m", "1h" or a number of seconds; `vendor` and `route` "*" or absent: all.
  /// `name` is the file's, for the message. Errors: Configuration, one line naming the file and the
  /// line of text that is no JSON, or the step (from 1) and its field.
  [[nodiscard]] static Result<FaultScript> parse(std::string_view text, std::string_view name);
};

}  // namespace ziggy::standin
