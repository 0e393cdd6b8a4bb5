-- What is known of the vendors: samples that can be added up again, incidents, pins; and of their
-- data: what was refused, and where bars are missing.
-- Times are nanoseconds since 1970 UTC.

-- Sparse counts as text, `name:count,…`: what happened, and the latency histogram's buckets.
ALTER TABLE provider_samples ADD COLUMN outcomes TEXT NOT NULL DEFAULT '';
ALTER TABLE provider_samples ADD COLUMN latency TEXT NOT NULL DEFAULT '';
ALTER TABLE provider_samples ADD COLUMN agreed BIGINT NOT NULL DEFAULT 0 CHECK (agreed >= 0);
ALTER TABLE provider_samples ADD COLUMN disagreed BIGINT NOT NULL DEFAULT 0 CHECK (disagreed >= 0);
ALTER TABLE provider_samples ADD COLUMN expected BIGINT NOT NULL DEFAULT 0 CHECK (expected >= 0);
ALTER TABLE provider_samples ADD COLUMN missing BIGINT NOT NULL DEFAULT 0 CHECK (missing >= 0);

CREATE TABLE provider_incidents (
  id        TEXT COLLATE "C" NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  provider  TEXT COLLATE "C" NOT NULL CHECK (length(provider) > 0),
  operation TEXT COLLATE "C" NOT NULL CHECK (length(operation) > 0),
  kind      TEXT    NOT NULL CHECK (length(kind) > 0),
  severity  TEXT    NOT NULL CHECK (severity IN ('warning', 'critical')),
  opened_at BIGINT NOT NULL,
  closed_at BIGINT CHECK (closed_at >= opened_at),
  reason    TEXT    NOT NULL,
  closing   TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX provider_incidents_by_time ON provider_incidents (opened_at, id);
-- One of a kind at a time.
CREATE UNIQUE INDEX provider_incidents_open ON provider_incidents (provider, operation, kind)
  WHERE closed_at IS NULL;

CREATE TABLE provider_pins (
  operation TEXT COLLATE "C" NOT NULL PRIMARY KEY CHECK (length(operation) > 0),
  provider  TEXT COLLATE "C" NOT NULL CHECK (length(provider) > 0),
  pinned_at BIGINT NOT NULL
);

-- Answers that broke a data contract, one row a rule and answer, with the first row that broke it.
CREATE TABLE quarantine (
  id             TEXT COLLATE "C" NOT NULL PRIMARY KEY CHECK (length(id) = 36),
  ts             BIGINT NOT NULL,
  provider       TEXT COLLATE "C" NOT NULL CHECK (length(provider) > 0),
  operation      TEXT    NOT NULL CHECK (length(operation) > 0),
  symbol         TEXT COLLATE "C" NOT NULL CHECK (length(symbol) BETWEEN 1 AND 23),
  interval       TEXT    NOT NULL DEFAULT '',
  rule           TEXT    NOT NULL CHECK (length(rule) > 0),
  row_count      BIGINT NOT NULL CHECK (row_count >= 1),
  detail         TEXT    NOT NULL,
  sample         TEXT    NOT NULL DEFAULT '',
  correlation_id TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX quarantine_by_time ON quarantine (ts, id);

-- Half-open ranges of bars that the calendar expects and the store lacks.
CREATE TABLE bar_gaps (
  symbol     TEXT COLLATE "C" NOT NULL CHECK (length(symbol) BETWEEN 1 AND 23),
  interval   TEXT    NOT NULL,
  first_time BIGINT NOT NULL,
  end_time   BIGINT NOT NULL,
  state      TEXT    NOT NULL CHECK (state IN ('open', 'healed', 'no_trades')),
  found_at   BIGINT NOT NULL,
  checked_at BIGINT NOT NULL,
  next_try_at BIGINT NOT NULL,
  attempts   BIGINT NOT NULL CHECK (attempts >= 0),
  said_by    TEXT    NOT NULL DEFAULT '',
  CHECK (end_time > first_time),
  PRIMARY KEY (symbol, interval, first_time)
);
CREATE INDEX bar_gaps_due ON bar_gaps (state, next_try_at);
