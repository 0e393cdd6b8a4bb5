#pragma once

#include <string_view>

namespace ziggy::lab::detail {

/// Quiet, readable on paper, light or dark as the system is; contrasts of text are at least 4.5
/// to 1. Gains and losses differ in colour and in sign or direction, never in colour alone.
inline constexpr std::string_view kReportStyle = R"css(
:root { color-scheme: light dark; --bg: #fff; --text: #1d2329; --muted: #59636e; --rule: #d8dee4;
  --line: #0b62c4; --fall: #b3261e; --fall-soft: #b3261e33; --gain: #1a7f37; --price: #6b7682; }
@media (prefers-color-scheme: dark) { :root { --bg: #14181c; --text: #e6eaee; --muted: #9aa5b1; --rule: #30373e;
  --line: #6cb0ff; --fall: #ff8a80; --fall-soft: #ff8a8033; --gain: #6ddc8b; --price: #8c97a3; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 3rem; background: var(--bg); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; } .muted, caption { color: var(--muted); }
svg { display: block; width: 100%; height: auto; }
.grid { stroke: var(--rule); stroke-width: 1; } .label { fill: var(--muted); font-size: 11px; }
.equity { fill: none; stroke: var(--line); stroke-width: 1.5; }
.hold { fill: none; stroke: var(--muted); stroke-width: 1; stroke-dasharray: 4 3; }
.price { fill: none; stroke: var(--price); stroke-width: 1; }
.fall { fill: var(--fall-soft); stroke: var(--fall); stroke-width: 1; }
.won { stroke: var(--gain); stroke-width: 2; } .lost { stroke: var(--fall); stroke-width: 2; stroke-dasharray: 3 2; }
.long { fill: var(--gain); } .short { fill: var(--fall); }
.figures { display: grid; align-items: start; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 0 2rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: .75rem 0 .25rem; }
th, td { text-align: right; padding: .15rem .5rem; border-bottom: 1px solid var(--rule); font-weight: 400; white-space: nowrap; }
th:first-child { text-align: left; padding-left: 0; } thead th { color: var(--muted); }
.gain { color: var(--gain); } .loss { color: var(--fall); }
.scroll { overflow-x: auto; } .scroll:focus { outline: 2px solid var(--line); }
code { font-size: .85em; overflow-wrap: anywhere; }
)css";

}  // namespace ziggy::lab::detail
