#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ziggy/api/json.hpp"
#include "ziggy/market/market.hpp"

/// The market part of the public contract as JSON. `now` is when the answer is written: ages count
/// from the source's `as_of` to it, never below zero.
namespace ziggy::api {

/// Appends the members of a quote with its provenance, without the braces:
/// `"symbol":"SPY","bid":…`. A stream message puts its own members in front.
void append_quote_members(std::string& out, const Quote& quote, std::string_view provider,
                          bool stale, std::span<const market::Fallback> fallback_from,
                          Timestamp now);
void append_quote_members(std::string& out, const market::QuoteAnswer& answer, Timestamp now);

/// Appends `"provider":…,"as_of":…,"age_ms":…,"stale":…,"fallback_from":[…]`.
void append_provenance_members(std::string& out, const market::Provenance& provenance,
                               Timestamp now);

/// `regular`, `pre`, `post`, `closed`.
[[nodiscard]] std::string_view session_name(MarketState state) noexcept;

}  // namespace ziggy::api
