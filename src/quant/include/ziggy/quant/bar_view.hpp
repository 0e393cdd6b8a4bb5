#pragma once

#include <cstdint>
#include <span>

#include "ziggy/domain/bar.hpp"

namespace ziggy::quant {

/// Columns of bars that somebody else owns: what a batch function reads. Cheap to copy and to cut.
struct BarView {
  std::span<const std::int64_t> time;
  std::span<const double> open;
  std::span<const double> high;
  std::span<const double> low;
  std::span<const double> close;
  std::span<const double> volume;

  BarView() = default;
  BarView(const BarColumns& bars)  // NOLINT(google-explicit-constructor): a view of the whole
      : time{bars.time},
        open{bars.open},
        high{bars.high},
        low{bars.low},
        close{bars.close},
        volume{bars.volume} {}

  [[nodiscard]] std::size_t size() const noexcept { return time.size(); }
  [[nodiscard]] bool empty() const noexcept { return time.empty(); }
  [[nodiscard]] Bar at(std::size_t i) const noexcept {
    return {Timestamp{std::chrono::nanoseconds{time[i]}},
            open[i],
            high[i],
            low[i],
            close[i],
            volume[i]};
  }
  /// `count` bars from `offset` on; both must lie inside.
  [[nodiscard]] BarView cut(std::size_t offset, std::size_t count) const noexcept {
    BarView part;
    part.time = time.subspan(offset, count);
    part.open = open.subspan(offset, count);
    part.high = high.subspan(offset, count);
    part.low = low.subspan(offset, count);
    part.close = close.subspan(offset, count);
    part.volume = volume.subspan(offset, count);
    return part;
  }
};

}  // namespace ziggy::quant
