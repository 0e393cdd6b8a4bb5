#include "ziggy/store/bar_store.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include "backend.hpp"
#include "bar_tables.hpp"
#include "bar_writer.hpp"
#include "block_codec.hpp"
#include "period.hpp"

namespace ziggy::store {
namespace {

constexpr std::int64_t kAllFrom = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kAllTo = std::numeric_limits<std::int64_t>::max();

std::int64_t nanos(Timestamp time) { return time.time_since_epoch().count(); }

struct Wanted {
  TimeRange range;
  std::size_t limit = 0;
  Take take = Take::First;
};

/// The periods to unpack, as [first, last] of `headers`: as many from the wanted end as surely hold
/// one bar more than the limit, so that `more` is known too.
std::span<const BlockHeader> choose(std::span<const BlockHeader> headers, const Wanted& wanted) {
  if (wanted.limit == 0) return headers;
  std::size_t surely = 0;
  const auto counts = [&](const BlockHeader& header) {
    const bool inside =
        header.first >= nanos(wanted.range.start) && header.last < nanos(wanted.range.end);
    return inside ? header.count : 0;
  };
  std::size_t used = 0;
  while (used < headers.size() && surely <= wanted.limit) {
    surely +=
        counts(wanted.take == Take::First ? headers[used] : headers[headers.size() - 1 - used]);
    ++used;
  }
  return wanted.take == Take::First ? headers.first(used) : headers.last(used);
}

Result<SourcedBars> unpack(BarTables& tables, std::int64_t series,
                           std::span<const BlockHeader> headers) {
  SourcedBars all;
  if (headers.empty()) return all;
  std::size_t count = 0;
  for (const BlockHeader& header : headers) count += header.count;
  all.bars.reserve(count);
  auto visited = tables.visit_blocks(series, headers.front().period, headers.back().period,
                                     [&all](const BlockHeader& header, std::string_view payload) {
                                       return unpack_block(payload, split_sources(header.sources),
                                                           all.bars, all.runs);
                                     });
  if (!visited) return fail(std::move(visited).error());
  return all;
}

/// Cuts to the range and the limit.
StoredBars cut(SourcedBars&& all, const Wanted& wanted) {
  std::size_t from = all.bars.lower_bound(wanted.range.start);
  std::size_t to = std::max(from, all.bars.lower_bound(wanted.range.end));
  StoredBars answer;
  answer.more = wanted.limit != 0 && to - from > wanted.limit;
  if (answer.more && wanted.take == Take::First) to = from + wanted.limit;
  if (answer.more && wanted.take == Take::Last) from = to - wanted.limit;
  SourcedBars part;
  if (from == 0 && to == all.size()) {
    part = std::move(all);
  } else {
    part.bars.reserve(to - from);
    part.append(all, from, to);
  }
  answer.bars = std::move(part.bars);
  answer.runs = std::move(part.runs);
  if (!answer.runs.empty()) answer.source = answer.runs.back().source;
  return answer;
}

Result<StoredBars> read_series(BarTables& tables, BarKey key, const Wanted& wanted) {
  ZIGGY_TRY(series, tables.find(key));
  if (!series || wanted.range.start >= wanted.range.end) {
    StoredBars nothing;
    nothing.version = series ? series->version : 0;
    return nothing;
  }
  const std::int64_t from = period_of(key.interval, nanos(wanted.range.start));
  const std::int64_t to = period_of(key.interval, nanos(wanted.range.end) - 1);
  ZIGGY_TRY(headers, tables.headers(series->id, from, to));
  ZIGGY_TRY(all, unpack(tables, series->id, choose(headers, wanted)));
  ZIGGY_TRY(tail, tables.tail(series->id));
  // Tail rows are the newest; after the first blocks of a limited read they are cut off again, and
  // then say rightly that there is more.
  all.append(tail, 0, tail.size());
  StoredBars answer = cut(std::move(all), wanted);
  answer.version = series->version;
  return answer;
}

Result<std::optional<Coverage>> cover(BarTables& tables, BarKey key) {
  ZIGGY_TRY(series, tables.find(key));
  if (!series) return std::nullopt;
  ZIGGY_TRY(headers, tables.headers(series->id, kAllFrom, kAllTo));
  ZIGGY_TRY(tail, tables.tail(series->id));
  if (headers.empty() && tail.empty()) return std::nullopt;
  std::set<std::string> sources;
  std::size_t count = tail.size();
  for (const BlockHeader& header : headers) {
    count += header.count;
    for (std::string& name : split_sources(header.sources)) sources.insert(std::move(name));
  }
  for (const SourceRun& run : tail.runs) sources.insert(run.source);
  const std::int64_t first = headers.empty() ? tail.bars.time.front() : headers.front().first;
  const std::int64_t last = tail.empty() ? headers.back().last : tail.bars.time.back();
  return Coverage{
      key,   Timestamp{std::chrono::nanoseconds{first}}, Timestamp{std::chrono::nanoseconds{last}},
      count, {sources.begin(), sources.end()},           series->version};
}

bool before(const BarKey& a, const BarKey& b) {
  return a.symbol == b.symbol ? a.interval < b.interval : a.symbol < b.symbol;
}

}  // namespace

Result<WriteOutcome> BarStore::write(BarKey key, std::string_view source, const BarColumns& bars,
                                     const StoredSoFar& progress) {
  if (auto ok = check_source(source); !ok) return fail(std::move(ok).error());
  if (auto ok = check_storable(bars); !ok) return fail(std::move(ok).error());
  WriteOutcome total;
  for (std::size_t from = 0; from < bars.size();) {
    const std::size_t to = chunk_end(key.interval, bars, from);
    auto chunk = backend_.write([&](Connection& connection) {
      return write_chunk(connection.bar_tables(), key, source, bars, from, to);
    });
    if (!chunk) {
      return fail(chunk.error().code(), "{} (stored {} of {} bars of {} {})",
                  chunk.error().detail(), from, bars.size(), key.symbol.view(),
                  interval_name(key.interval));
    }
    total += chunk->rows;
    backend_.versions().note({key, chunk->version});
    if (progress) progress(to);
    from = to;
  }
  return total;
}

Result<WriteOutcome> BarStore::write_batch(std::span<const BarWrite> writes) {
  std::vector<const BarWrite*> ordered;
  std::size_t bars = 0;
  for (const BarWrite& write : writes) {
    if (write.bars == nullptr || write.bars->empty()) continue;
    if (auto ok = check_source(write.source); !ok) return fail(std::move(ok).error());
    if (auto ok = check_storable(*write.bars); !ok) return fail(std::move(ok).error());
    bars += write.bars->size();
    ordered.push_back(&write);
  }
  if (bars > kChunkBars) {
    return fail(ErrorCode::ValidationFailed, "a batch of {} bars: at most {}", bars, kChunkBars);
  }
  if (ordered.empty()) return WriteOutcome{};
  // One order for all writers, and every series before the clock: no deadlock.
  std::ranges::sort(ordered, [](const BarWrite* a, const BarWrite* b) {
    return a->key == b->key ? a < b : before(a->key, b->key);
  });
  std::vector<KeyVersion> versions;
  auto total = backend_.write([&](Connection& connection) -> Result<WriteOutcome> {
    BarTables& tables = connection.bar_tables();
    versions.clear();
    WriteOutcome rows;
    for (const BarWrite* write : ordered) {
      if (auto locked = tables.lock(write->key); !locked) return fail(std::move(locked).error());
    }
    for (const BarWrite* write : ordered) {
      const BarColumns& columns = *write->bars;
      ZIGGY_TRY(chunk, write_chunk(tables, write->key, write->source, columns, 0, columns.size()));
      rows += chunk.rows;
      versions.push_back({write->key, chunk.version});
    }
    return rows;
  });
  if (total) {
    for (const KeyVersion& version : versions) backend_.versions().note(version);
  }
  return total;
}

Result<StoredBars> BarStore::read(BarKey key, TimeRange range, std::size_t limit, Take take) {
  return backend_.read([&](Connection& connection) {
    return read_series(connection.bar_tables(), key, {range, limit, take});
  });
}

Result<std::optional<Coverage>> BarStore::coverage(BarKey key) {
  return backend_.read(
      [key](Connection& connection) { return cover(connection.bar_tables(), key); });
}

Result<std::vector<Coverage>> BarStore::coverage(Symbol symbol) {
  return backend_.read([symbol](Connection& connection) -> Result<std::vector<Coverage>> {
    std::vector<Coverage> all;
    for (const Interval interval : kIntervals) {
      ZIGGY_TRY(covered, cover(connection.bar_tables(), {symbol, interval}));
      if (covered) all.push_back(std::move(*covered));
    }
    return all;
  });
}

Result<std::vector<BarKey>> BarStore::keys() {
  ZIGGY_TRY(versions, backend_.read([](Connection& connection) {
    return connection.bar_tables().versions_after(0);
  }));
  std::vector<BarKey> keys;
  keys.reserve(versions.size());
  for (const KeyVersion& version : versions) keys.push_back(version.key);
  std::ranges::sort(keys, before);
  return keys;
}

std::uint64_t BarStore::version(BarKey key) { return backend_.versions().version(key); }

Result<> BarStore::refresh_versions() { return backend_.versions().refresh(); }

}  // namespace ziggy::store
