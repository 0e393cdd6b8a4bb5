#pragma once

#include <sys/types.h>

#include <string>

#include "ziggy/testing/temp_folder.hpp"

namespace ziggy::testing {

/// A PostgreSQL server of our own: a cluster in a temporary folder, on loopback and a free port,
/// run as the user `postgres` when we are root (initdb refuses root), stopped and removed at the
/// end, also when this process is killed. Durability is off unless asked: no test crashes the
/// server.
class PostgresServer {
 public:
  enum class Fsync { Off, On };

  explicit PostgresServer(Fsync fsync = Fsync::Off);
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  /// One for a whole test executable, started by the first who asks.
  static PostgresServer& shared();

  /// The URL of a new empty database.
  [[nodiscard]] std::string create_database();
  [[nodiscard]] std::string url_of(const std::string& database) const;

  /// Stops the server, closing its connections, and starts it on the same port again.
  void stop();
  void start();

 private:
  [[nodiscard]] bool answers() const;

  TempFolder folder_;
  Fsync fsync_;
  int port_ = 0;
  pid_t server_ = -1;
  int databases_ = 0;
};

}  // namespace ziggy::testing
