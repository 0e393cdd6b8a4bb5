#include "ziggy/store/sample_store.hpp"

#include <soci/soci.h>

#include <cmath>

#include "backend.hpp"
#include "sourced_bars.hpp"

namespace ziggy::store {
namespace {

Result<> check(const ProviderSample& sample) {
  const auto is_figure = [](double value) { return value >= 0 && std::isfinite(value); };
  if (auto ok = check_source(sample.provider); !ok) return ok;
  if (auto ok = check_source(sample.operation); !ok) return ok;
  const bool whole_minute =
      sample.minute == std::chrono::floor<std::chrono::minutes>(sample.minute);
  const auto is_counts = [](std::string_view text) {
    constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789_:,";
    return text.size() <= kSampleTextMax &&
           text.find_first_not_of(kAllowed) == std::string_view::npos;
  };
  if (!is_counts(sample.outcomes) || !is_counts(sample.latency) || sample.agreed < 0 ||
      sample.disagreed < 0 || sample.missing < 0 || sample.missing > sample.expected) {
    return fail(ErrorCode::ValidationFailed, "sample of {} {} at {}: counts out of range",
                sample.provider, sample.operation, to_rfc3339(sample.minute));
  }
  if (!whole_minute || sample.failures < 0 || sample.failures > sample.calls ||
      sample.violations < 0 || !is_figure(sample.p50_ms) || !is_figure(sample.p95_ms) ||
      !is_figure(sample.p99_ms) || !is_figure(sample.freshness_ms.value_or(0))) {
    return fail(ErrorCode::ValidationFailed, "sample of {} {} at {}: figures out of range",
                sample.provider, sample.operation, to_rfc3339(sample.minute));
  }
  return {};
}

void write_one(soci::session& session, const ProviderSample& sample) {
  const long long minute = sample.minute.time_since_epoch().count();
  const long long calls = sample.calls;
  const long long failures = sample.failures;
  const long long violations = sample.violations;
  const long long agreed = sample.agreed;
  const long long disagreed = sample.disagreed;
  const long long expected = sample.expected;
  const long long missing = sample.missing;
  double freshness = sample.freshness_ms.value_or(0);
  soci::indicator known = sample.freshness_ms ? soci::i_ok : soci::i_null;
  session << "INSERT INTO provider_samples (provider, operation, minute, calls, failures,"
             " violations, p50_ms, p95_ms, p99_ms, freshness_ms, outcomes, latency, agreed,"
             " disagreed, expected, missing) VALUES (:provider, :operation,"
             " :minute, :calls, :failures, :violations, :p50, :p95, :p99, :freshness, :outcomes,"
             " :latency, :agreed, :disagreed, :expected, :missing)"
             " ON CONFLICT (provider, operation, minute) DO UPDATE SET calls = excluded.calls,"
             " failures = excluded.failures, violations = excluded.violations,"
             " p50_ms = excluded.p50_ms, p95_ms = excluded.p95_ms, p99_ms = excluded.p99_ms,"
             " freshness_ms = excluded.freshness_ms, outcomes = excluded.outcomes,"
             " latency = excluded.latency, agreed = excluded.agreed,"
             " disagreed = excluded.disagreed, expected = excluded.expected,"
             " missing = excluded.missing",
      soci::use(sample.provider, "provider"), soci::use(sample.operation, "operation"),
      soci::use(minute, "minute"), soci::use(calls, "calls"), soci::use(failures, "failures"),
      soci::use(violations, "violations"), soci::use(sample.p50_ms, "p50"),
      soci::use(sample.p95_ms, "p95"), soci::use(sample.p99_ms, "p99"),
      soci::use(freshness, known, "freshness"), soci::use(sample.outcomes, "outcomes"),
      soci::use(sample.latency, "latency"), soci::use(agreed, "agreed"),
      soci::use(disagreed, "disagreed"), soci::use(expected, "expected"),
      soci::use(missing, "missing");
}

}  // namespace

Result<> SampleStore::write(std::span<const ProviderSample> samples) {
  for (const ProviderSample& sample : samples) {
    if (auto ok = check(sample); !ok) return ok;
  }
  if (samples.empty()) return {};
  return backend_.write([&](Connection& connection) -> Result<> {
    for (const ProviderSample& sample : samples) write_one(connection.session(), sample);
    return {};
  });
}

Result<std::vector<ProviderSample>> SampleStore::read(std::string_view provider, TimeRange range) {
  const std::string name{provider};
  const long long from = range.start.time_since_epoch().count();
  const long long to = range.end.time_since_epoch().count();
  return backend_.read([&](Connection& connection) -> Result<std::vector<ProviderSample>> {
    ProviderSample row;
    long long minute = 0;
    long long calls = 0;
    long long failures = 0;
    long long violations = 0;
    double freshness = 0;
    long long agreed = 0;
    long long disagreed = 0;
    long long expected = 0;
    long long missing = 0;
    soci::indicator known = soci::i_ok;
    soci::statement statement =
        (connection.session().prepare
             << "SELECT provider, operation, minute, calls, failures, violations, p50_ms, p95_ms,"
                " p99_ms, freshness_ms, outcomes, latency, agreed, disagreed, expected, missing"
                " FROM provider_samples"
                " WHERE (:provider = '' OR provider = :provider2)"
                " AND minute >= :from AND minute < :to ORDER BY provider, operation, minute",
         soci::use(name, "provider"), soci::use(name, "provider2"), soci::use(from, "from"),
         soci::use(to, "to"), soci::into(row.provider), soci::into(row.operation),
         soci::into(minute), soci::into(calls), soci::into(failures), soci::into(violations),
         soci::into(row.p50_ms), soci::into(row.p95_ms), soci::into(row.p99_ms),
         soci::into(freshness, known), soci::into(row.outcomes), soci::into(row.latency),
         soci::into(agreed), soci::into(disagreed), soci::into(expected), soci::into(missing));
    statement.execute();
    std::vector<ProviderSample> rows;
    while (statement.fetch()) {
      row.minute = Timestamp{std::chrono::nanoseconds{minute}};
      row.calls = calls;
      row.failures = failures;
      row.violations = violations;
      row.agreed = agreed;
      row.disagreed = disagreed;
      row.expected = expected;
      row.missing = missing;
      row.freshness_ms = known == soci::i_ok ? std::optional{freshness} : std::nullopt;
      rows.push_back(row);
    }
    return rows;
  });
}

Result<std::size_t> SampleStore::remove_before(Timestamp time) {
  const long long before = time.time_since_epoch().count();
  return backend_.write([&](Connection& connection) -> Result<std::size_t> {
    soci::statement statement =
        (connection.session().prepare << "DELETE FROM provider_samples WHERE minute < :before",
         soci::use(before, "before"));
    statement.execute(true);
    return static_cast<std::size_t>(std::max(0LL, statement.get_affected_rows()));
  });
}

}  // namespace ziggy::store
