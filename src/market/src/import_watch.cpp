#include "import_watch.hpp"

#include <chrono>

namespace ziggy::market {
namespace {

// A symbol that is stored but not imported is looked at again after this, since the mark of an
// import may be written after its bars.
constexpr std::chrono::milliseconds kLookAgain{500};

}  // namespace

std::uint64_t ImportWatch::mark(const Symbol& symbol) const {
  std::uint64_t mark = 0;
  for (const Interval interval : kIntervals) {
    mark = mark * 0x100000001b3U + database_.bars().version({symbol, interval});
  }
  return mark;
}

std::optional<bool> ImportWatch::is_imported(const Symbol& symbol) const {
  const std::uint64_t now = mark(symbol);
  if (now == 0) return false;
  const std::lock_guard lock{mutex_};
  const auto found = seen_.find(symbol);
  if (found == seen_.end() || found->second.mark == 0) return std::nullopt;
  const Seen& seen = found->second;
  if (seen.is_imported) return true;
  const bool is_fresh = seen.mark == now && clock_.steady() - seen.looked_at < kLookAgain;
  return is_fresh ? std::optional{false} : std::nullopt;
}

Result<bool> ImportWatch::look(const Symbol& symbol) {
  const std::uint64_t now = mark(symbol);
  ZIGGY_TRY(row, database_.symbols().find(symbol));
  const bool is_imported = row && row->imported;
  const std::lock_guard lock{mutex_};
  Seen& seen = seen_[symbol];
  seen.mark = now;
  seen.is_imported = is_imported;
  seen.looked_at = clock_.steady();
  return is_imported;
}

bool ImportWatch::begin_look(const Symbol& symbol) {
  const std::lock_guard lock{mutex_};
  return !std::exchange(seen_[symbol].is_looking, true);
}

void ImportWatch::end_look(const Symbol& symbol) {
  const std::lock_guard lock{mutex_};
  seen_[symbol].is_looking = false;
}

}  // namespace ziggy::market
