#include "bar_teller.hpp"

#include <map>
#include <utility>

#include "ziggy/base/log.hpp"

namespace ziggy::market {
namespace {

constexpr log::Logger kLog{"market"};

// A store that stands still for ten minutes of a thousand symbols; then bars are told unstored.
constexpr std::size_t kQueueMax = 10'000;
constexpr std::size_t kKnownMax = 20'000;

}  // namespace

BarTeller::~BarTeller() {
  std::unique_lock lock{mutex_};
  done_.wait(lock, [this] { return !is_working_; });
}

void BarTeller::tell(streams::BarMessage message, bool is_stored) {
  add({std::move(message), is_stored});
}

void BarTeller::tell(const streams::GapMessage& message) { add({message, false}); }

void BarTeller::publish(const Item& item) {
  std::visit([this](const auto& message) { hub_.publish(message); }, item.message);
}

void BarTeller::add(Item item) {
  std::unique_lock lock{mutex_};
  if (!is_working_ && !item.is_stored) {
    // Under the lock, so that nothing overtakes it.
    publish(item);
    return;
  }
  queue_.push_back(std::move(item));
  if (is_working_) {
    if (queue_.size() <= kQueueMax) return;
    publish(queue_.front());
    queue_.erase(queue_.begin());
    return;
  }
  is_working_ = true;
  lock.unlock();
  if (pool_.submit([this] { work(); })) return;
  kLog.warning("bars_not_stored", {{"detail", "too much work queued"}});
  lock.lock();
  for (const Item& waiting : queue_) publish(waiting);
  queue_.clear();
  is_working_ = false;
  done_.notify_all();
}

void BarTeller::work() {
  std::unique_lock lock{mutex_};
  while (!queue_.empty()) {
    const std::vector<Item> items = std::exchange(queue_, {});
    lock.unlock();
    store(items);
    for (const Item& item : items) publish(item);
    lock.lock();
  }
  is_working_ = false;
  done_.notify_all();
}

void BarTeller::store(const std::vector<Item>& items) {
  Result<> written;
  try {
    written = write(items);
  } catch (const std::exception& error) {
    written = fail(ErrorCode::StorageUnavailable, error.what());
  }
  if (written) return;
  kLog.warning("bars_not_stored",
               {{"code", code_name(written.error().code())}, {"detail", written.error().detail()}});
}

Result<bool> BarTeller::may_store(const Symbol& symbol, std::string_view provider) {
  const auto known = imports_.is_imported(symbol);
  ZIGGY_TRY(imported, known ? Result<bool>{*known} : imports_.look(symbol));
  if (imported) return false;
  if (known_.contains(symbol)) return true;
  ZIGGY_TRY(row, database_.symbols().find(symbol));
  if (!row) {
    store::SymbolRow fresh;
    fresh.symbol = symbol;
    fresh.source = provider;
    if (auto done = database_.symbols().upsert(fresh); !done) return fail(done.error());
  }
  if (known_.size() >= kKnownMax) known_.clear();
  known_.insert(symbol);
  return true;
}

Result<> BarTeller::write(const std::vector<Item>& items) {
  // A correction may come right behind its bar: the later one counts.
  std::map<std::pair<Symbol, std::string>, std::map<Timestamp, Bar>> series;
  for (const Item& item : items) {
    if (!item.is_stored) continue;
    const auto& message = std::get<streams::BarMessage>(item.message);
    series[{message.symbol, message.provider}][message.bar.time] = message.bar;
  }
  std::vector<BarColumns> columns;
  columns.reserve(series.size());
  std::vector<store::BarWrite> writes;
  for (const auto& [key, bars] : series) {
    const auto& [symbol, provider] = key;
    ZIGGY_TRY(may, may_store(symbol, provider));
    if (!may) continue;
    BarColumns& rows = columns.emplace_back();
    for (const auto& [time, bar] : bars) rows.push_back(bar);
    writes.push_back({{symbol, Interval::Minute}, provider, &rows});
  }
  if (writes.empty()) return {};
  ZIGGY_TRY(outcome, database_.bars().write_batch(writes));
  static_cast<void>(outcome);
  return {};
}

}  // namespace ziggy::market
