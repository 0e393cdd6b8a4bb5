#include "backend.hpp"

#include <algorithm>

namespace ziggy::store {
namespace {

ConnectionOptions options_of(const StoreSettings& settings, ConnectionOptions::Access access) {
  return {.access = access,
          .lock_timeout = settings.lock_timeout,
          .statement_timeout = settings.statement_timeout,
          .connect_timeout = settings.connect_timeout};
}

}  // namespace

Backend::Backend(DatabaseUrl url, const StoreSettings& settings)
    : url_{std::move(url)},
      writer_options_{options_of(settings, ConnectionOptions::Access::ReadWrite)},
      readers_{url_, options_of(settings, ConnectionOptions::Access::ReadOnly),
               std::max<std::size_t>(settings.readers, 1), settings.lease_timeout},
      // SQLite lets one connection write at a time; a second would only wait inside the library.
      writers_{url_, writer_options_,
               url_.engine == Engine::Sqlite ? 1 : std::max<std::size_t>(settings.writers, 1),
               settings.lease_timeout},
      versions_{[this](std::uint64_t after) {
        return read([after](Connection& connection) {
          return connection.bar_tables().versions_after(after);
        });
      }} {}

std::unexpected<Error> Backend::unavailable(const Error& error) const {
  if (error.code() != ErrorCode::StorageUnavailable) return fail(error);
  return fail(ErrorCode::StorageUnavailable, "{}: {}", url_.location, error.detail());
}

}  // namespace ziggy::store
