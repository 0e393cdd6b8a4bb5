#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ask.hpp"

/// What all of Polygon's answers have in common.
namespace ziggy::standin::polygon {

[[nodiscard]] std::int64_t epoch_ms(Timestamp time);
[[nodiscard]] std::int64_t epoch_ns(Timestamp time);
/// BTC-USD for "X:BTCUSD"; shares by their own names.
[[nodiscard]] std::optional<Symbol> symbol_of(std::string_view ticker);
[[nodiscard]] std::string ticker_of(const Symbol& symbol);

[[nodiscard]] WireAnswer ok(std::string body);
[[nodiscard]] WireAnswer not_found(std::string_view message);
[[nodiscard]] WireAnswer bad_request(std::string_view message);

/// /v2/aggs/ticker/T/range/…, …/prev and /v2/aggs/grouped/….
[[nodiscard]] net::Task<WireAnswer> range(const Ask* ask);
[[nodiscard]] net::Task<WireAnswer> previous(const Ask* ask);
[[nodiscard]] net::Task<WireAnswer> grouped(const Ask* ask);

}  // namespace ziggy::standin::polygon
