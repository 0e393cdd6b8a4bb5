#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sourced_bars.hpp"
#include "ziggy/store/bar_store.hpp"

namespace ziggy::store {

class Connection;

struct Series {
  std::int64_t id = 0;
  std::uint64_t version = 0;
};

/// The header of a block, as its columns in the table.
struct BlockHeader {
  std::int64_t period = 0;
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::size_t count = 0;
  std::string sources;  // names, sorted, each followed by a comma but the last
};

struct Block {
  BlockHeader header;
  double low_min = 0;
  double high_max = 0;
  double volume_min = 0;
  std::string payload;
};

/// Called with a block's header and payload; the payload lives during the call only.
using BlockVisitor = std::function<Result<>(const BlockHeader&, std::string_view payload)>;

struct KeyVersion {
  BarKey key;
  std::uint64_t version = 0;
};

/// The tables of bars by an engine's own library, inside a transaction of the caller. All in terms
/// of one connection; one thread at a time.
class BarTables {
 public:
  virtual ~BarTables() = default;

  [[nodiscard]] virtual Result<std::optional<Series>> find(BarKey key) = 0;
  /// Makes the series (and its symbol) if need be and keeps other writers out until the end of the
  /// transaction.
  [[nodiscard]] virtual Result<Series> lock(BarKey key) = 0;
  /// The next number of the database's clock becomes the version of the series.
  [[nodiscard]] virtual Result<std::uint64_t> advance_version(std::int64_t series) = 0;

  /// Headers of the blocks with periods in [from, to], ascending.
  [[nodiscard]] virtual Result<std::vector<BlockHeader>> headers(std::int64_t series,
                                                                 std::int64_t from,
                                                                 std::int64_t to) = 0;
  [[nodiscard]] virtual Result<> visit_blocks(std::int64_t series, std::int64_t from,
                                              std::int64_t to, const BlockVisitor& visit) = 0;
  [[nodiscard]] virtual Result<std::optional<BlockHeader>> newest_block(std::int64_t series) = 0;
  /// Puts blocks in the place of those of the same periods, if there are such.
  [[nodiscard]] virtual Result<> put_blocks(std::int64_t series, std::span<const Block> blocks) = 0;

  [[nodiscard]] virtual Result<SourcedBars> tail(std::int64_t series) = 0;
  [[nodiscard]] virtual Result<> clear_tail(std::int64_t series) = 0;
  /// Puts rows in the place of those of the same times, if there are such.
  [[nodiscard]] virtual Result<> put_tail(std::int64_t series, const SourcedBars& rows) = 0;

  [[nodiscard]] virtual Result<std::vector<KeyVersion>> versions_after(std::uint64_t version) = 0;
};

[[nodiscard]] std::unique_ptr<BarTables> make_sqlite_bar_tables(Connection& connection);
[[nodiscard]] std::unique_ptr<BarTables> make_postgres_bar_tables(Connection& connection);

/// `a,b` and back.
[[nodiscard]] std::string join_sources(std::span<const std::string> names);
[[nodiscard]] std::vector<std::string> split_sources(std::string_view joined);

}  // namespace ziggy::store
