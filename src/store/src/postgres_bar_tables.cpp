#include <libpq-fe.h>

#include "bar_tables.hpp"
#include "connection.hpp"

namespace ziggy::store {
std::unique_ptr<BarTables> make_postgres_bar_tables(Connection&) { return nullptr; }
}  // namespace ziggy::store
