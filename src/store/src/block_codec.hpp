#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/result.hpp"
#include "ziggy/domain/bar.hpp"
#include "ziggy/store/bar_store.hpp"

/// The packed form of a block. Each column is a frame of reference: a column whose values are all
/// whole multiples of a power of ten (prices in cents, volumes in units) is kept as offsets from
/// its smallest one in 0, 1, 2, 4 or 8 bytes each, times as multiples of their common step; what
/// does not fit exactly stays raw doubles. Decoding is one multiplication or division a value in a
/// loop that vectorises (hundreds of millions of values a second), a daily bar takes about 20 bytes
/// for 48, and every value comes back equal (a negative zero as zero). A byte-oriented compressor
/// on top would save another third and decode five times slower.
///
/// Layout, little-endian: u8 format (1), u8 0, u16 0, u32 bars, u32 runs; runs × {u32 begin,
/// u32 source}; then time, open, high, low, close, volume, each: u8 kind (0 raw, 1 offsets),
/// u8 width in bytes, u8 decimal exponent, u8 0, u32 0, i64 base, i64 step, bars × width bytes.
namespace ziggy::store {

/// No block holds more: a bound for memory and a plausibility check when reading.
inline constexpr std::size_t kBlockBarsMax = 65'536;

/// Packs rows [from, to); `runs` are relative to `from`, `names` gives each run's source an index.
[[nodiscard]] std::string pack_block(const BarColumns& bars, std::size_t from, std::size_t to,
                                     std::span<const SourceRun> runs,
                                     std::span<const std::string> names);

/// Appends a block's bars to `bars` and its runs (with begins relative to the whole of `bars`) to
/// `runs`, where equal neighbours become one. Errors: Internal, naming what is broken in the block,
/// and then both outputs are as they were.
[[nodiscard]] Result<> unpack_block(std::string_view payload, std::span<const std::string> names,
                                    BarColumns& bars, std::vector<SourceRun>& runs);

}  // namespace ziggy::store
