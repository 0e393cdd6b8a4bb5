#include "ziggy/domain/bar.hpp"

#include <algorithm>

namespace ziggy {

void BarColumns::reserve(std::size_t count) {
  time.reserve(count);
  open.reserve(count);
  high.reserve(count);
  low.reserve(count);
  close.reserve(count);
  volume.reserve(count);
}

void BarColumns::clear() noexcept {
  time.clear();
  open.clear();
  high.clear();
  low.clear();
  close.clear();
  volume.clear();
}

void BarColumns::push_back(const Bar& bar) {
  time.push_back(bar.time.time_since_epoch().count());
  open.push_back(bar.open);
  high.push_back(bar.high);
  low.push_back(bar.low);
  close.push_back(bar.close);
  volume.push_back(bar.volume);
}

void BarColumns::append(const BarColumns& other, std::size_t from, std::size_t to) {
  const auto add = [&](auto& column, const auto& source) {
    column.insert(column.end(), source.begin() + static_cast<std::ptrdiff_t>(from),
                  source.begin() + static_cast<std::ptrdiff_t>(to));
  };
  add(time, other.time);
  add(open, other.open);
  add(high, other.high);
  add(low, other.low);
  add(close, other.close);
  add(volume, other.volume);
}

std::size_t BarColumns::lower_bound(Timestamp at_or_after) const {
  return static_cast<std::size_t>(
      std::ranges::lower_bound(time, at_or_after.time_since_epoch().count()) - time.begin());
}

}  // namespace ziggy
