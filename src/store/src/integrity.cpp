#include "integrity.hpp"

#include <soci/soci.h>

#include <algorithm>
#include <limits>

#include "bar_tables.hpp"
#include "bar_writer.hpp"
#include "block_codec.hpp"
#include "period.hpp"

namespace ziggy::store {
namespace {

CheckLine check_engine(Connection& connection) {
  std::string first;
  connection.session() << "PRAGMA integrity_check(1)", soci::into(first);
  return {"sqlite_integrity", first == "ok", first};
}

CheckLine check_foreign_keys(Connection& connection) {
  long count = 0;
  connection.session() << "SELECT count(*) FROM pragma_foreign_key_check", soci::into(count);
  return {"foreign_keys", count == 0, fmt::format("{} rows point nowhere", count)};
}

/// PostgreSQL checks keys and types itself; what it keeps can still be counted.
CheckLine check_server(Connection& connection) {
  std::string checksums;
  connection.session() << "SHOW data_checksums", soci::into(checksums);
  return {"postgresql_answers", true, fmt::format("data_checksums {}", checksums)};
}

/// What is wrong with a block, against its header; empty when nothing is.
std::string wrong_with_block(BarKey key, const BlockHeader& header, std::string_view payload) {
  SourcedBars block;
  const auto unpacked =
      unpack_block(payload, split_sources(header.sources), block.bars, block.runs);
  if (!unpacked) return unpacked.error().detail();
  if (block.size() != header.count || block.bars.time.front() != header.first ||
      block.bars.time.back() != header.last) {
    return "the header says something else than the bars";
  }
  if (period_of(key.interval, header.first) != header.period ||
      period_of(key.interval, header.last) != header.period) {
    return "bars outside the period";
  }
  if (auto storable = check_storable(block.bars); !storable) return storable.error().detail();
  return {};
}

struct Tally {
  std::size_t series = 0;
  std::size_t blocks = 0;
  std::size_t bars = 0;
  std::string first_wrong;

  void note(BarKey key, const std::string& what) {
    if (what.empty() || !first_wrong.empty()) return;
    first_wrong = fmt::format("{} {}: {}", key.symbol.view(), interval_name(key.interval), what);
  }
};

std::string wrong_with_tail(BarKey key, const SourcedBars& tail,
                            const std::optional<BlockHeader>& newest) {
  if (tail.empty()) return {};
  if (tail.size() > kTailRowsMax) return "too many rows in the tail";
  if (period_of(key.interval, tail.bars.time.front()) !=
      period_of(key.interval, tail.bars.time.back())) {
    return "tail rows of several periods";
  }
  if (newest && newest->last >= tail.bars.time.front()) return "a tail row not after the blocks";
  return {};
}

Result<> check_series(BarTables& tables, BarKey key, Tally& tally) {
  ZIGGY_TRY(series, tables.find(key));
  if (!series) return {};
  ++tally.series;
  auto visited =
      tables.visit_blocks(series->id, std::numeric_limits<std::int64_t>::min(),
                          std::numeric_limits<std::int64_t>::max(),
                          [&](const BlockHeader& header, std::string_view payload) -> Result<> {
                            ++tally.blocks;
                            tally.bars += header.count;
                            tally.note(key, wrong_with_block(key, header, payload));
                            return {};
                          });
  if (!visited) return visited;
  ZIGGY_TRY(newest, tables.newest_block(series->id));
  ZIGGY_TRY(tail, tables.tail(series->id));
  tally.bars += tail.size();
  tally.note(key, wrong_with_tail(key, tail, newest));
  return {};
}

Result<CheckLine> check_bars(Connection& connection) {
  BarTables& tables = connection.bar_tables();
  ZIGGY_TRY(versions, tables.versions_after(0));
  Tally tally;
  for (const KeyVersion& version : versions) {
    if (auto done = check_series(tables, version.key, tally); !done) {
      return fail(std::move(done).error());
    }
  }
  const bool ok = tally.first_wrong.empty();
  return CheckLine{
      "market_data", ok,
      ok ? fmt::format("{} series, {} blocks, {} bars", tally.series, tally.blocks, tally.bars)
         : tally.first_wrong};
}

}  // namespace

Result<std::vector<CheckLine>> check_integrity(Connection& connection) {
  std::vector<CheckLine> lines;
  if (connection.engine() == Engine::Sqlite) {
    lines.push_back(check_engine(connection));
    lines.push_back(check_foreign_keys(connection));
  } else {
    lines.push_back(check_server(connection));
  }
  ZIGGY_TRY(bars, check_bars(connection));
  lines.push_back(std::move(bars));
  return lines;
}

}  // namespace ziggy::store
