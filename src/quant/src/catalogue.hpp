#pragma once

#include <array>
#include <cstdint>

#include "ziggy/quant/strategies.hpp"

/// What strategies exist; a Kind is a place in `strategies()`.
namespace ziggy::quant::detail {

enum class Kind : std::uint8_t { SmaCross, RsiReversion, Macd, DonchianBreakout, BuyAndHold };

/// A year of minute bars of an exchange is about 100 000; a window of that costs 1.6 MB.
inline constexpr double kPeriodMax = 100'000;

inline constexpr std::array kSmaCrossParameters = {
    ParameterSpec{"fast", 10, 1, kPeriodMax, true, "bars of the fast average; less than slow"},
    ParameterSpec{"slow", 30, 2, kPeriodMax, true, "bars of the slow average"}};
inline constexpr std::array kRsiReversionParameters = {
    ParameterSpec{"period", 14, 2, kPeriodMax, true, "bars of the RSI"},
    ParameterSpec{"oversold", 30, 0, 100, false, "falling below it buys; less than overbought"},
    ParameterSpec{"overbought", 70, 0, 100, false, "rising above it sells"}};
inline constexpr std::array kMacdParameters = {
    ParameterSpec{"fast", 12, 1, kPeriodMax, true, "bars of the fast average; less than slow"},
    ParameterSpec{"slow", 26, 2, kPeriodMax, true, "bars of the slow average"},
    ParameterSpec{"signal", 9, 1, kPeriodMax, true, "bars of the signal line"}};
inline constexpr std::array kDonchianParameters = {
    ParameterSpec{"entry", 20, 1, kPeriodMax, true, "bars of the channel whose break enters"},
    ParameterSpec{"exit", 10, 1, kPeriodMax, true, "bars of the channel whose break leaves"}};

inline constexpr std::array kCatalogue = {
    StrategySpec{"sma_cross",
                 "Long when the fast simple average crosses above the slow one, short when it "
                 "crosses below.",
                 kSmaCrossParameters},
    StrategySpec{"rsi_reversion",
                 "Long when the RSI falls below oversold, short when it rises above overbought.",
                 kRsiReversionParameters},
    StrategySpec{"macd",
                 "Long when the MACD line crosses above its signal, short when it crosses below.",
                 kMacdParameters},
    StrategySpec{
        "donchian_breakout",
        "Long on a close above the highest high of the bars before, short on one below the "
        "lowest low; leaves at the shorter channel's other side.",
        kDonchianParameters},
    StrategySpec{"buy_and_hold", "Long from the first bar on.", {}}};

inline Kind kind_of(const StrategyCall& call) noexcept {
  return static_cast<Kind>(&call.spec() - kCatalogue.data());
}

}  // namespace ziggy::quant::detail
