-- Market data, its symbols and corporate actions, and the samples of providers.
-- Times are nanoseconds since 1970 UTC. NaN is above everything on PostgreSQL, so an upper bound
-- keeps it out.

CREATE TABLE symbols (
  symbol      TEXT COLLATE "C" NOT NULL PRIMARY KEY CHECK (length(symbol) BETWEEN 1 AND 23),
  name        TEXT    NOT NULL DEFAULT '',
  asset_class TEXT    NOT NULL DEFAULT 'unknown'
              CHECK (asset_class IN ('unknown', 'equity', 'etf', 'index', 'crypto', 'forex')),
  source      TEXT    NOT NULL DEFAULT '',
  imported    SMALLINT NOT NULL DEFAULT 0 CHECK (imported IN (0, 1))
);

-- One row counts every change of market data; a series takes its version from it.
CREATE TABLE market_data_clock (
  id      SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
  version BIGINT  NOT NULL CHECK (version >= 0)
);
INSERT INTO market_data_clock (id, version) VALUES (1, 0);

-- A series: the bars of one symbol and interval.
CREATE TABLE market_data (
  id       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  symbol   TEXT COLLATE "C" NOT NULL REFERENCES symbols (symbol),
  interval TEXT    NOT NULL
           CHECK (interval IN ('1s', '1m', '5m', '15m', '30m', '1h', '4h', '1d', '1w', '1mo')),
  version  BIGINT  NOT NULL DEFAULT 0 CHECK (version >= 0),
  UNIQUE (symbol, interval)
);
CREATE INDEX market_data_by_version ON market_data (version);

-- Packed columns of one period. The header repeats what queries and checks need. The payload is
-- packed already: PostgreSQL's own compression would only cost time.
CREATE TABLE market_data_blocks (
  series_id  BIGINT  NOT NULL REFERENCES market_data (id) ON DELETE CASCADE,
  period     BIGINT  NOT NULL,
  first_time BIGINT  NOT NULL,
  last_time  BIGINT  NOT NULL,
  bar_count  INT4    NOT NULL CHECK (bar_count BETWEEN 1 AND 65536),
  low_min    FLOAT8  NOT NULL CHECK (low_min > 0),
  high_max   FLOAT8  NOT NULL,
  volume_min FLOAT8  NOT NULL CHECK (volume_min >= 0),
  sources    TEXT    NOT NULL CHECK (length(sources) > 0),
  payload    BYTEA   NOT NULL CHECK (octet_length(payload) > 0),
  CHECK (last_time >= first_time),
  CHECK (high_max >= low_min AND high_max < 'Infinity' AND volume_min < 'Infinity'),
  PRIMARY KEY (series_id, period)
);
ALTER TABLE market_data_blocks ALTER COLUMN payload SET STORAGE EXTERNAL;

-- Single bars of a series' open period; a time is either here or in a block.
CREATE TABLE market_data_tail (
  series_id BIGINT  NOT NULL REFERENCES market_data (id) ON DELETE CASCADE,
  time      BIGINT  NOT NULL,
  open      FLOAT8  NOT NULL CHECK (open > 0),
  high      FLOAT8  NOT NULL,
  low       FLOAT8  NOT NULL CHECK (low > 0),
  close     FLOAT8  NOT NULL CHECK (close > 0),
  volume    FLOAT8  NOT NULL CHECK (volume >= 0),
  source    TEXT    NOT NULL CHECK (length(source) > 0),
  CHECK (high >= low AND high < 'Infinity' AND volume < 'Infinity'),
  CHECK (open < 'Infinity' AND close < 'Infinity'),
  PRIMARY KEY (series_id, time)
);

CREATE TABLE corporate_actions (
  symbol  TEXT COLLATE "C" NOT NULL REFERENCES symbols (symbol),
  ex_date BIGINT  NOT NULL CHECK (ex_date % 86400000000000 = 0),
  kind    TEXT    NOT NULL CHECK (kind IN ('split', 'dividend')),
  value   FLOAT8  NOT NULL CHECK (value > 0 AND value < 'Infinity'),
  source  TEXT    NOT NULL CHECK (length(source) > 0),
  PRIMARY KEY (symbol, ex_date, kind)
);

CREATE TABLE provider_samples (
  provider     TEXT COLLATE "C" NOT NULL CHECK (length(provider) > 0),
  operation    TEXT COLLATE "C" NOT NULL CHECK (length(operation) > 0),
  minute       BIGINT  NOT NULL CHECK (minute % 60000000000 = 0),
  calls        BIGINT  NOT NULL CHECK (calls >= 0),
  failures     BIGINT  NOT NULL CHECK (failures >= 0),
  violations   BIGINT  NOT NULL CHECK (violations >= 0),
  p50_ms       FLOAT8  NOT NULL CHECK (p50_ms >= 0),
  p95_ms       FLOAT8  NOT NULL CHECK (p95_ms >= 0),
  p99_ms       FLOAT8  NOT NULL CHECK (p99_ms >= 0),
  freshness_ms FLOAT8  CHECK (freshness_ms >= 0),
  CHECK (failures <= calls),
  PRIMARY KEY (provider, operation, minute)
);
CREATE INDEX provider_samples_by_minute ON provider_samples (minute);
