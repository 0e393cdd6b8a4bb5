#include "bar_writer.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "block_codec.hpp"
#include "period.hpp"

namespace ziggy::store {
namespace {

struct Piece {
  std::int64_t period = 0;
  std::size_t from = 0;
  std::size_t to = 0;
};

std::size_t period_end(Interval interval, const BarColumns& bars, std::size_t from,
                       std::size_t to) {
  const std::int64_t length = period_nanos(interval);
  std::int64_t end = 0;
  if (__builtin_mul_overflow(period_of(interval, bars.time[from]) + 1, length, &end)) {
    return to;  // the last century that fits: check_storable keeps times well inside it
  }
  const auto first = bars.time.begin() + static_cast<std::ptrdiff_t>(from);
  const auto last = bars.time.begin() + static_cast<std::ptrdiff_t>(to);
  return static_cast<std::size_t>(std::lower_bound(first, last, end) - bars.time.begin());
}

std::vector<Piece> split(Interval interval, const BarColumns& bars, std::size_t from,
                         std::size_t to) {
  std::vector<Piece> pieces;
  while (from < to) {
    const std::size_t end = period_end(interval, bars, from, to);
    pieces.push_back({period_of(interval, bars.time[from]), from, end});
    from = end;
  }
  return pieces;
}

Block make_block(std::int64_t period, const BarColumns& bars, std::size_t from, std::size_t to,
                 std::span<const SourceRun> runs) {
  std::set<std::string> distinct;
  for (const SourceRun& run : runs) distinct.insert(run.source);
  const std::vector<std::string> names{distinct.begin(), distinct.end()};
  const auto range = [from, to](const auto& column) {
    return std::span{column}.subspan(from, to - from);
  };
  Block block;
  block.header = {period, bars.time[from], bars.time[to - 1], to - from, join_sources(names)};
  block.low_min = std::ranges::min(range(bars.low));
  block.high_max = std::ranges::max(range(bars.high));
  block.volume_min = std::ranges::min(range(bars.volume));
  block.payload = pack_block(bars, from, to, runs, names);
  return block;
}

SourcedBars rows_of(const BarColumns& bars, std::size_t from, std::size_t to,
                    std::string_view source) {
  SourcedBars rows;
  rows.bars.append(bars, from, to);
  rows.runs.push_back({0, std::string{source}});
  return rows;
}

/// One chunk's work on one series, read once, decided in memory, written once.
class ChunkWriter {
 public:
  ChunkWriter(BarTables& tables, BarKey key, std::string_view source, const BarColumns& bars)
      : tables_{tables}, key_{key}, source_{source}, bars_{bars} {}

  Result<ChunkOutcome> write(std::size_t from, std::size_t to);

 private:
  Result<> load(std::int64_t first_period, std::int64_t last_period);
  Result<SourcedBars> block(std::int64_t period);
  Result<> put(const Piece& piece);
  Result<> move_old_tail();
  [[nodiscard]] bool fits_tail(const Piece& piece) const;
  Result<> add_block(std::int64_t period, const SourcedBars& merged);

  BarTables& tables_;
  const BarKey key_;
  const std::string_view source_;
  const BarColumns& bars_;

  Series series_;
  std::map<std::int64_t, BlockHeader> headers_;    // of the periods the chunk touches
  std::int64_t newest_period_ = 0;                 // of the series, this chunk included
  std::optional<std::int64_t> newest_block_last_;  // last time of that period's block, if any
  SourcedBars tail_;
  std::int64_t tail_period_ = 0;  // when tail_ is not empty
  bool tail_moved_ = false;       // its stored rows have to go
  SourcedBars new_tail_;
  std::vector<Block> blocks_;
  WriteOutcome outcome_;
};

Result<> ChunkWriter::load(std::int64_t first_period, std::int64_t last_period) {
  ZIGGY_TRY(headers, tables_.headers(series_.id, first_period, last_period));
  for (BlockHeader& header : headers) headers_.emplace(header.period, std::move(header));
  ZIGGY_TRY(tail, tables_.tail(series_.id));
  tail_ = std::move(tail);
  ZIGGY_TRY(newest, tables_.newest_block(series_.id));

  newest_period_ = last_period;
  if (newest) newest_period_ = std::max(newest_period_, newest->period);
  if (!tail_.empty()) {
    tail_period_ = period_of(key_.interval, tail_.bars.time.back());
    newest_period_ = std::max(newest_period_, tail_period_);
  }
  if (newest && newest->period == newest_period_) newest_block_last_ = newest->last;
  return {};
}

Result<SourcedBars> ChunkWriter::block(std::int64_t period) {
  SourcedBars stored;
  auto visited = tables_.visit_blocks(
      series_.id, period, period, [&stored](const BlockHeader& header, std::string_view payload) {
        return unpack_block(payload, split_sources(header.sources), stored.bars, stored.runs);
      });
  if (!visited) return fail(std::move(visited).error());
  return stored;
}

bool ChunkWriter::fits_tail(const Piece& piece) const {
  const std::size_t size = piece.to - piece.from;
  const bool after_block = !newest_block_last_ || bars_.time[piece.from] > *newest_block_last_;
  const std::size_t rows = tail_.empty() || tail_period_ != newest_period_ ? 0 : tail_.size();
  return piece.period == newest_period_ && size <= kSmallWrite && after_block &&
         rows + size <= kTailRowsMax;
}

Result<> ChunkWriter::add_block(std::int64_t period, const SourcedBars& merged) {
  if (merged.size() > kBlockBarsMax) {
    return fail(ErrorCode::ValidationFailed,
                "{} {}: {} bars in one period of storage, at most {}: is the interval right?",
                key_.symbol.view(), interval_name(key_.interval), merged.size(), kBlockBarsMax);
  }
  blocks_.push_back(make_block(period, merged.bars, 0, merged.size(), merged.runs));
  return {};
}

Result<> ChunkWriter::put(const Piece& piece) {
  const bool has_tail = !tail_.empty() && tail_period_ == piece.period;
  const bool has_block = headers_.contains(piece.period);
  if (fits_tail(piece)) {
    const SourcedBars incoming = rows_of(bars_, piece.from, piece.to, source_);
    WriteOutcome counted;
    (void)merge(has_tail ? tail_ : SourcedBars{}, incoming, counted);
    outcome_ += counted;
    new_tail_ = has_tail ? differing(tail_, incoming) : incoming;
    return {};
  }
  if (!has_block && !has_tail) {
    outcome_.inserted += piece.to - piece.from;
    if (piece.to - piece.from > kBlockBarsMax) {
      return add_block(piece.period, rows_of(bars_, piece.from, piece.to, source_));
    }
    const SourceRun run{0, std::string{source_}};
    blocks_.push_back(make_block(piece.period, bars_, piece.from, piece.to, {&run, 1}));
    return {};
  }
  ZIGGY_TRY(stored, block(piece.period));
  if (has_tail) {
    WriteOutcome moved;
    stored = merge(stored, tail_, moved);
  }
  WriteOutcome counted;
  const SourcedBars merged = merge(stored, rows_of(bars_, piece.from, piece.to, source_), counted);
  outcome_ += counted;
  if (!counted.changed_anything()) return {};
  if (has_tail) tail_moved_ = true;
  return add_block(piece.period, merged);
}

Result<> ChunkWriter::move_old_tail() {
  if (tail_.empty() || tail_moved_ || tail_period_ == newest_period_) return {};
  ZIGGY_TRY(stored, block(tail_period_));
  WriteOutcome moved;
  tail_moved_ = true;
  return add_block(tail_period_, merge(stored, tail_, moved));
}

Result<ChunkOutcome> ChunkWriter::write(std::size_t from, std::size_t to) {
  ZIGGY_TRY(series, tables_.lock(key_));
  series_ = series;
  const std::vector<Piece> pieces = split(key_.interval, bars_, from, to);
  if (auto done = load(pieces.front().period, pieces.back().period); !done) {
    return fail(std::move(done).error());
  }
  for (const Piece& piece : pieces) {
    if (auto done = put(piece); !done) return fail(std::move(done).error());
  }
  if (!outcome_.changed_anything()) return ChunkOutcome{outcome_, series_.version};
  if (auto done = move_old_tail(); !done) return fail(std::move(done).error());

  if (tail_moved_) {
    if (auto done = tables_.clear_tail(series_.id); !done) return fail(std::move(done).error());
  }
  if (!blocks_.empty()) {
    if (auto done = tables_.put_blocks(series_.id, blocks_); !done) {
      return fail(std::move(done).error());
    }
  }
  if (!new_tail_.empty()) {
    if (auto done = tables_.put_tail(series_.id, new_tail_); !done) {
      return fail(std::move(done).error());
    }
  }
  ZIGGY_TRY(version, tables_.advance_version(series_.id));
  return ChunkOutcome{outcome_, version};
}

}  // namespace

Result<ChunkOutcome> write_chunk(BarTables& tables, BarKey key, std::string_view source,
                                 const BarColumns& bars, std::size_t from, std::size_t to) {
  return ChunkWriter{tables, key, source, bars}.write(from, to);
}

std::size_t chunk_end(Interval interval, const BarColumns& bars, std::size_t from) {
  const std::size_t target = from + kChunkBars - 1;
  if (target >= bars.size()) return bars.size();
  return period_end(interval, bars, target, bars.size());
}

std::string join_sources(std::span<const std::string> names) {
  std::string joined;
  for (const std::string& name : names) {
    if (!joined.empty()) joined += ',';
    joined += name;
  }
  return joined;
}

std::vector<std::string> split_sources(std::string_view joined) {
  std::vector<std::string> names;
  while (!joined.empty()) {
    const std::size_t end = std::min(joined.find(','), joined.size());
    names.emplace_back(joined.substr(0, end));
    joined.remove_prefix(std::min(end + 1, joined.size()));
  }
  return names;
}

}  // namespace ziggy::store
