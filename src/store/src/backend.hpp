#pragma once

#include <utility>

#include "connection_pool.hpp"
#include "version_watch.hpp"
#include "ziggy/store/database.hpp"

namespace ziggy::store {

/// What the repositories share: the pools, and how work runs on them.
class Backend {
 public:
  Backend(DatabaseUrl url, const StoreSettings& settings);

  [[nodiscard]] const DatabaseUrl& url() const noexcept { return url_; }
  [[nodiscard]] VersionWatch& versions() noexcept { return versions_; }
  [[nodiscard]] const ConnectionOptions& writer_options() const noexcept { return writer_options_; }

  /// Runs `work(Connection&)`, which returns a Result, in a transaction: one snapshot for reads,
  /// all or nothing for writes. When the server is found gone it runs once more on a fresh
  /// connection, so work starts from what the database says and nothing else.
  template <class Work>
  auto read(Work work) -> std::invoke_result_t<Work, Connection&> {
    return twice_if_lost(readers_, Transaction::Mode::Read, work);
  }
  template <class Work>
  auto write(Work work) -> std::invoke_result_t<Work, Connection&> {
    return twice_if_lost(writers_, Transaction::Mode::Write, work);
  }
  /// A writer's connection outside a transaction; not repeated.
  [[nodiscard]] Result<ConnectionPool::Lease> lease_writer() { return writers_.lease(); }

 private:
  template <class Work>
  auto twice_if_lost(ConnectionPool& pool, Transaction::Mode mode, Work& work)
      -> std::invoke_result_t<Work, Connection&> {
    bool lost = false;
    auto first = once(pool, mode, work, lost);
    if (!lost) return first;
    pool.drop_idle();
    return once(pool, mode, work, lost);
  }

  template <class Work>
  auto once(ConnectionPool& pool, Transaction::Mode mode, Work& work, bool& lost)
      -> std::invoke_result_t<Work, Connection&> {
    ZIGGY_TRY(lease, pool.lease());
    Connection& connection = lease.connection();
    auto outcome = in_transaction(connection, mode, work);
    lost = connection.is_lost();
    return outcome;
  }

  template <class Work>
  auto in_transaction(Connection& connection, Transaction::Mode mode, Work& work)
      -> std::invoke_result_t<Work, Connection&> {
    try {
      Transaction transaction{connection};
      if (auto begun = transaction.begin(mode); !begun) return unavailable(begun.error());
      auto outcome = work(connection);
      if (!outcome) return unavailable(outcome.error());
      if (auto committed = transaction.commit(); !committed) return unavailable(committed.error());
      return outcome;
    } catch (...) {
      return unavailable(connection.current_exception());
    }
  }

  /// With the place in front, for whoever reads the log.
  [[nodiscard]] std::unexpected<Error> unavailable(const Error& error) const;

  const DatabaseUrl url_;
  const ConnectionOptions writer_options_;
  ConnectionPool readers_;
  ConnectionPool writers_;
  VersionWatch versions_;  // last: its thread asks through the readers
};

}  // namespace ziggy::store
