#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ask.hpp"

/// What all of Yahoo's answers have in common.
namespace ziggy::standin::yahoo {

inline constexpr std::string_view kJson = "application/json;charset=utf-8";

/// Seconds since 1970.
[[nodiscard]] std::int64_t epoch(Timestamp time);
/// BRK.B for Yahoo's BRK-B.
[[nodiscard]] std::optional<Symbol> symbol_of(std::string_view spelled);
[[nodiscard]] std::string spelling_of(const Symbol& symbol);
/// "EQUITY", "CRYPTOCURRENCY", …
[[nodiscard]] std::string_view instrument_of(const Symbol& symbol);

/// /v8/finance/chart/SYMBOL.
[[nodiscard]] net::Task<WireAnswer> chart(const Ask* ask);

}  // namespace ziggy::standin::yahoo
