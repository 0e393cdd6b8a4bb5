#include "cli/database.hpp"

#include <string>
#include <system_error>

namespace ziggy::app {

Result<std::unique_ptr<store::Database>> open_database(Context& context) {
  ZIGGY_TRY(settings, context.settings());
  return open_database(*settings);
}

Result<std::unique_ptr<store::Database>> open_database(const config::Settings& settings) {
  std::error_code error;
  std::filesystem::create_directories(settings.data_dir, error);
  if (error) {
    return fail(ErrorCode::Configuration, "DATA_DIR {}: {}", settings.data_dir.string(),
                error.message());
  }
  store::StoreSettings store_settings;
  store_settings.url = std::string{settings.database_url.reveal()};
  ZIGGY_TRY(database, store::Database::open(std::move(store_settings)));
  ZIGGY_TRY(migrated, database->migrate());
  static_cast<void>(migrated);
  return std::move(database);
}

}  // namespace ziggy::app
