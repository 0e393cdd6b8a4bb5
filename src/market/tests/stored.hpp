#pragma once

#include <filesystem>
#include <memory>
#include <stdexcept>

#include "ziggy/store/database.hpp"

namespace ziggy::market {

/// A new, migrated database in `folder`.
inline std::unique_ptr<store::Database> open_database(const std::filesystem::path& folder) {
  store::StoreSettings settings;
  settings.url = "sqlite:///" + (folder / "ziggy.db").string();
  auto opened = store::Database::open(settings);
  if (!opened) throw std::runtime_error{opened.error().detail()};
  if (auto migrated = (*opened)->migrate(); !migrated) {
    throw std::runtime_error{migrated.error().detail()};
  }
  return std::move(*opened);
}

}  // namespace ziggy::market
