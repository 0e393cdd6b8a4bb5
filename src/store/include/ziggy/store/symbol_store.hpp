#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/result.hpp"
#include "ziggy/domain/symbol.hpp"

namespace ziggy::store {

class Backend;

enum class AssetClass : std::uint8_t { Unknown, Equity, Etf, Index, Crypto, Forex };

/// `unknown`, `equity`, `etf`, `index`, `crypto`, `forex`.
[[nodiscard]] std::string_view asset_class_name(AssetClass asset_class) noexcept;
/// Errors: ValidationFailed.
[[nodiscard]] Result<AssetClass> parse_asset_class(std::string_view text);

struct SymbolRow {
  Symbol symbol;
  std::string name;  // for people, UTF-8; empty when nobody said one
  AssetClass asset_class = AssetClass::Unknown;
  std::string source;  // who told us about the symbol
  /// Its bars came from a file: such a symbol is never answered or extended by the simulator.
  bool imported = false;
  friend bool operator==(const SymbolRow&, const SymbolRow&) = default;
};

/// The symbols we know. Blocking; any thread. Errors everywhere: StorageUnavailable.
class SymbolStore {
 public:
  explicit SymbolStore(Backend& backend) : backend_{backend} {}

  /// Adds or completes a symbol: an empty name or source and an Unknown class leave what is there,
  /// and `imported`, once true, stays. Errors: ValidationFailed for a name or source with a control
  /// character or of more than 200 bytes.
  [[nodiscard]] Result<> upsert(const SymbolRow& row);
  [[nodiscard]] Result<std::optional<SymbolRow>> find(Symbol symbol);
  /// Symbols that start with `query` first, then those with it in symbol or name; ASCII case does
  /// not count. An empty query lists all, by symbol. At most `limit` rows.
  [[nodiscard]] Result<std::vector<SymbolRow>> search(std::string_view query, std::size_t limit);

 private:
  Backend& backend_;
};

}  // namespace ziggy::store
