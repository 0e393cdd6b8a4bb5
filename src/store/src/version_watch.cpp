#include "version_watch.hpp"

#include <algorithm>
#include <condition_variable>

#include "ziggy/base/log.hpp"
#include "ziggy/store/database.hpp"

namespace ziggy::store {
namespace {

constexpr log::Logger kLog{"store"};

}  // namespace

std::uint64_t VersionWatch::version(BarKey key) {
  std::call_once(started_, [this] {
    if (auto loaded = refresh(); !loaded) {
      kLog.warning("versions_unknown", {{"detail", loaded.error().detail()}});
    }
    thread_ = std::jthread{[this](const std::stop_token& stop) { keep_fresh(stop); }};
  });
  const std::shared_lock lock{mutex_};
  const auto found = versions_.find(key);
  return found == versions_.end() ? 0 : found->second;
}

Result<> VersionWatch::refresh() {
  const std::lock_guard one_at_a_time{refreshing_};
  ZIGGY_TRY(changes, ask_(seen_));
  if (changes.empty()) return {};
  const std::lock_guard lock{mutex_};
  for (const auto& [key, version] : changes) {
    auto& known = versions_[key];
    known = std::max(known, version);
    seen_ = std::max(seen_, version);
  }
  return {};
}

void VersionWatch::note(const KeyVersion& change) {
  const std::lock_guard lock{mutex_};
  auto& known = versions_[change.key];
  // Two writers of one process may report in the other order than they committed.
  known = std::max(known, change.version);
}

void VersionWatch::keep_fresh(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock{mutex};
  bool failing = false;
  while (!wake.wait_for(lock, stop, kVersionRefresh, [&stop] { return stop.stop_requested(); })) {
    const auto refreshed = refresh();
    if (!refreshed && !failing) {
      kLog.warning("versions_unknown", {{"detail", refreshed.error().detail()}});
    } else if (refreshed && failing) {
      kLog.info("versions_known_again");
    }
    failing = !refreshed;
  }
}

}  // namespace ziggy::store
