-- Market data, its symbols and corporate actions, and the samples of providers.
-- Times are nanoseconds since 1970 UTC. NaN becomes NULL on SQLite, so NOT NULL keeps it out; 9e999
-- is infinity.

CREATE TABLE symbols (
  symbol      TEXT    NOT NULL PRIMARY KEY CHECK (length(symbol) BETWEEN 1 AND 23),
  name        TEXT    NOT NULL DEFAULT '',
  asset_class TEXT    NOT NULL DEFAULT 'unknown'
              CHECK (asset_class IN ('unknown', 'equity', 'etf', 'index', 'crypto', 'forex')),
  source      TEXT    NOT NULL DEFAULT '',
  imported    INTEGER NOT NULL DEFAULT 0 CHECK (imported IN (0, 1))
) STRICT, WITHOUT ROWID;

-- One row counts every change of market data; a series takes its version from it.
CREATE TABLE market_data_clock (
  id      INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  version INTEGER NOT NULL CHECK (version >= 0)
) STRICT;
INSERT INTO market_data_clock (id, version) VALUES (1, 0);

-- A series: the bars of one symbol and interval.
CREATE TABLE market_data (
  id       INTEGER NOT NULL PRIMARY KEY,
  symbol   TEXT    NOT NULL REFERENCES symbols (symbol),
  interval TEXT    NOT NULL
           CHECK (interval IN ('1s', '1m', '5m', '15m', '30m', '1h', '4h', '1d', '1w', '1mo')),
  version  INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
  UNIQUE (symbol, interval)
) STRICT;
CREATE INDEX market_data_by_version ON market_data (version);

-- Packed columns of one period. The header repeats what queries and checks need; payload comes last
-- because SQLite then reads headers without touching the pages of the payload.
CREATE TABLE market_data_blocks (
  series_id  INTEGER NOT NULL REFERENCES market_data (id) ON DELETE CASCADE,
  period     INTEGER NOT NULL,
  first_time INTEGER NOT NULL,
  last_time  INTEGER NOT NULL,
  bar_count  INTEGER NOT NULL CHECK (bar_count BETWEEN 1 AND 65536),
  low_min    REAL    NOT NULL CHECK (low_min > 0),
  high_max   REAL    NOT NULL,
  volume_min REAL    NOT NULL CHECK (volume_min >= 0),
  sources    TEXT    NOT NULL CHECK (length(sources) > 0),
  payload    BLOB    NOT NULL CHECK (length(payload) > 0),
  CHECK (last_time >= first_time),
  CHECK (high_max >= low_min AND high_max < 9e999 AND volume_min < 9e999),
  UNIQUE (series_id, period)
) STRICT;

-- Single bars of a series' open period; a time is either here or in a block.
CREATE TABLE market_data_tail (
  series_id INTEGER NOT NULL REFERENCES market_data (id) ON DELETE CASCADE,
  time      INTEGER NOT NULL,
  open      REAL    NOT NULL CHECK (open > 0),
  high      REAL    NOT NULL,
  low       REAL    NOT NULL CHECK (low > 0),
  close     REAL    NOT NULL CHECK (close > 0),
  volume    REAL    NOT NULL CHECK (volume >= 0),
  source    TEXT    NOT NULL CHECK (length(source) > 0),
  CHECK (high >= low AND high < 9e999 AND volume < 9e999),
  CHECK (open < 9e999 AND close < 9e999),
  PRIMARY KEY (series_id, time)
) STRICT, WITHOUT ROWID;

CREATE TABLE corporate_actions (
  symbol  TEXT    NOT NULL REFERENCES symbols (symbol),
  ex_date INTEGER NOT NULL CHECK (ex_date % 86400000000000 = 0),
  kind    TEXT    NOT NULL CHECK (kind IN ('split', 'dividend')),
  value   REAL    NOT NULL CHECK (value > 0 AND value < 9e999),
  source  TEXT    NOT NULL CHECK (length(source) > 0),
  PRIMARY KEY (symbol, ex_date, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE provider_samples (
  provider     TEXT    NOT NULL CHECK (length(provider) > 0),
  operation    TEXT    NOT NULL CHECK (length(operation) > 0),
  minute       INTEGER NOT NULL CHECK (minute % 60000000000 = 0),
  calls        INTEGER NOT NULL CHECK (calls >= 0),
  failures     INTEGER NOT NULL CHECK (failures >= 0),
  violations   INTEGER NOT NULL CHECK (violations >= 0),
  p50_ms       REAL    NOT NULL CHECK (p50_ms >= 0),
  p95_ms       REAL    NOT NULL CHECK (p95_ms >= 0),
  p99_ms       REAL    NOT NULL CHECK (p99_ms >= 0),
  freshness_ms REAL    CHECK (freshness_ms >= 0),
  CHECK (failures <= calls),
  PRIMARY KEY (provider, operation, minute)
) STRICT, WITHOUT ROWID;
CREATE INDEX provider_samples_by_minute ON provider_samples (minute);
