#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <vector>

#include "ziggy/feed/provider.hpp"
#include "ziggy/net/blocking_pool.hpp"

namespace ziggy::feed {

struct FileSettings {
  /// Looked through in this order: FILE_DIR first, then what comes with the program.
  std::vector<std::filesystem::path> folders;
  /// Room for parsed files; the least recently used one goes first. A daily history of 50 years is
  /// 0.6 MB.
  std::size_t cache_bytes = std::size_t{8} << 20U;
};

/// A file above this is refused: it belongs into the store (`ziggy import bars`), not into memory.
inline constexpr std::size_t kFileBytesMax = std::size_t{64} << 20U;

/// More files than this are still served, but not listed.
inline constexpr std::size_t kSymbolsMax = 10'000;

/// The vendor `file`: `SYMBOL_interval.csv` or `SYMBOL.csv`, read as domain's CSV codec reads them,
/// on `pool`'s threads. A file is parsed once and again when its size or time of change differs.
/// From days it makes weeks and months, from minutes longer intraday bars. Its quotes are the last
/// close.
///
/// Errors: UnknownSymbol without a file; NotSupported when the file's bars are longer than asked;
/// BadPayload with line and reason when the file is broken or too big.
class FileProvider final : public Provider {
 public:
  /// `pool` outlives the provider.
  FileProvider(FileSettings settings, net::BlockingPool& pool);
  ~FileProvider() override;

  [[nodiscard]] std::string_view name() const noexcept override { return "file"; }
  BarSource* bars() noexcept override;
  QuoteSource* quotes() noexcept override;
  /// What the folders hold now, at most kSymbolsMax; blocking, a directory listing.
  [[nodiscard]] std::vector<SymbolInfo> symbols() const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ziggy::feed
