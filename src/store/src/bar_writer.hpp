#pragma once

#include <cstdint>
#include <string_view>

#include "bar_tables.hpp"

namespace ziggy::store {

/// The tail never holds more rows of a series: reading them costs as much as one block.
inline constexpr std::size_t kTailRowsMax = 256;

/// Rows of a write that would rather go to the tail than into a block: one bar arrives a minute, a
/// gap fill brings some; a bigger piece is a block's work at once.
inline constexpr std::size_t kSmallWrite = 64;

struct ChunkOutcome {
  WriteOutcome rows;
  std::uint64_t version = 0;  // of the series afterwards
};

/// Writes rows [from, to) of `bars` to the series `key` inside the caller's write transaction.
///
/// Keeps the invariants: a time is in a block or in the tail, never in both; tail rows are of the
/// series' newest period and at most kTailRowsMax. So a piece goes to the tail only when it is
/// small, of the newest period and after that period's block; otherwise it is merged with the block
/// of its period, which takes the tail rows of that period with it. Tail rows of a period that is
/// no longer the newest move into its block.
[[nodiscard]] Result<ChunkOutcome> write_chunk(BarTables& tables, BarKey key,
                                               std::string_view source, const BarColumns& bars,
                                               std::size_t from, std::size_t to);

/// The end of the chunk that begins at `from`: whole periods, at least kChunkBars unless the input
/// ends before.
[[nodiscard]] std::size_t chunk_end(Interval interval, const BarColumns& bars, std::size_t from);

}  // namespace ziggy::store
