#include "ziggy/store/symbol_store.hpp"

#include <soci/soci.h>

#include <algorithm>
#include <array>

#include "backend.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::store {
namespace {

constexpr std::size_t kTextSizeMax = 200;

constexpr std::array kAssetClasses = {AssetClass::Unknown, AssetClass::Equity, AssetClass::Etf,
                                      AssetClass::Index,   AssetClass::Crypto, AssetClass::Forex};

Result<> check_text(std::string_view what, std::string_view text) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (text.size() > kTextSizeMax || std::ranges::any_of(text, is_control)) {
    return fail(ErrorCode::ValidationFailed,
                "the {} of a symbol is at most {} bytes without control characters", what,
                kTextSizeMax);
  }
  return {};
}

/// One row as the database gives it.
struct RawRow {
  std::string symbol;
  std::string name;
  std::string asset_class;
  std::string source;
  int imported = 0;
};

Result<SymbolRow> row_of(const RawRow& raw) {
  ZIGGY_TRY(symbol, Symbol::parse(raw.symbol));
  ZIGGY_TRY(asset_class, parse_asset_class(raw.asset_class));
  return SymbolRow{symbol, raw.name, asset_class, raw.source, raw.imported != 0};
}

/// For LIKE with `!` as the escape.
std::string escape_like(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '!') escaped += '!';
    escaped += c;
  }
  return escaped;
}

}  // namespace

std::string_view asset_class_name(AssetClass asset_class) noexcept {
  switch (asset_class) {
    case AssetClass::Unknown:
      return "unknown";
    case AssetClass::Equity:
      return "equity";
    case AssetClass::Etf:
      return "etf";
    case AssetClass::Index:
      return "index";
    case AssetClass::Crypto:
      return "crypto";
    case AssetClass::Forex:
      return "forex";
  }
  return "unknown";
}

Result<AssetClass> parse_asset_class(std::string_view text) {
  for (const AssetClass asset_class : kAssetClasses) {
    if (asset_class_name(asset_class) == text) return asset_class;
  }
  return fail(ErrorCode::ValidationFailed, "'{}' is no asset class", text.substr(0, 32));
}

Result<> SymbolStore::upsert(const SymbolRow& row) {
  if (auto ok = check_text("name", row.name); !ok) return ok;
  if (auto ok = check_text("source", row.source); !ok) return ok;
  const std::string symbol{row.symbol.view()};
  const std::string asset_class{asset_class_name(row.asset_class)};
  const int imported = row.imported ? 1 : 0;
  return backend_.write([&](Connection& connection) -> Result<> {
    connection.session()
        << "INSERT INTO symbols (symbol, name, asset_class, source, imported)"
           " VALUES (:symbol, :name, :asset_class, :source, :imported)"
           " ON CONFLICT (symbol) DO UPDATE SET"
           " name = CASE WHEN excluded.name = '' THEN symbols.name ELSE excluded.name END,"
           " asset_class = CASE WHEN excluded.asset_class = 'unknown' THEN symbols.asset_class"
           " ELSE excluded.asset_class END,"
           " source = CASE WHEN excluded.source = '' THEN symbols.source ELSE excluded.source END,"
           " imported = CASE WHEN excluded.imported = 1 THEN 1 ELSE symbols.imported END",
        soci::use(symbol, "symbol"), soci::use(row.name, "name"),
        soci::use(asset_class, "asset_class"), soci::use(row.source, "source"),
        soci::use(imported, "imported");
    return {};
  });
}

Result<std::optional<SymbolRow>> SymbolStore::find(Symbol symbol) {
  const std::string name{symbol.view()};
  return backend_.read([&](Connection& connection) -> Result<std::optional<SymbolRow>> {
    RawRow raw;
    connection.session() << "SELECT symbol, name, asset_class, source, imported FROM symbols"
                            " WHERE symbol = :symbol",
        soci::use(name, "symbol"), soci::into(raw.symbol), soci::into(raw.name),
        soci::into(raw.asset_class), soci::into(raw.source), soci::into(raw.imported);
    if (!connection.session().got_data()) return std::nullopt;
    ZIGGY_TRY(row, row_of(raw));
    return row;
  });
}

Result<std::vector<SymbolRow>> SymbolStore::search(std::string_view query, std::size_t limit) {
  if (auto ok = check_text("query", query); !ok) return fail(std::move(ok).error());
  const std::string escaped = escape_like(text::lower(text::trim(query)));
  const std::string prefix = escaped + "%";
  const std::string inside = "%" + escaped + "%";
  const auto rows_max = static_cast<long long>(std::min<std::size_t>(limit, 100'000));
  return backend_.read([&](Connection& connection) -> Result<std::vector<SymbolRow>> {
    RawRow raw;
    soci::statement statement =
        (connection.session().prepare
             << "SELECT symbol, name, asset_class, source, imported FROM symbols"
                " WHERE lower(symbol) LIKE :inside ESCAPE '!' OR lower(name) LIKE :inside2 ESCAPE "
                "'!'"
                " ORDER BY CASE WHEN lower(symbol) LIKE :prefix ESCAPE '!' THEN 0 ELSE 1 END,"
                " symbol LIMIT :rows_max",
         soci::use(inside, "inside"), soci::use(inside, "inside2"), soci::use(prefix, "prefix"),
         soci::use(rows_max, "rows_max"), soci::into(raw.symbol), soci::into(raw.name),
         soci::into(raw.asset_class), soci::into(raw.source), soci::into(raw.imported));
    statement.execute();
    std::vector<SymbolRow> rows;
    while (statement.fetch()) {
      ZIGGY_TRY(row, row_of(raw));
      rows.push_back(std::move(row));
    }
    return rows;
  });
}

}  // namespace ziggy::store
