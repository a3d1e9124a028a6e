-- Requests, the provider calls they led to, and the purses that pay. Times are milliseconds since 1970, money is
-- millionths of a dollar.

CREATE TABLE processes (
  id TEXT PRIMARY KEY,
  beat BIGINT NOT NULL
);

CREATE TABLE prices (
  digest TEXT PRIMARY KEY,
  terms TEXT NOT NULL
);

CREATE TABLE purses (
  scope TEXT NOT NULL,
  period TEXT NOT NULL,
  starts BIGINT NOT NULL,
  held BIGINT NOT NULL,
  spent BIGINT NOT NULL,
  PRIMARY KEY (scope, period, starts)
) /*sqlite WITHOUT ROWID */;

CREATE TABLE requests (
  id TEXT PRIMARY KEY,
  request_id TEXT NOT NULL,
  owner TEXT NOT NULL,
  key_id TEXT,
  team_id TEXT,
  customer_id TEXT,
  model TEXT NOT NULL,
  operation TEXT NOT NULL,
  stream BIGINT NOT NULL,
  n BIGINT NOT NULL,
  trace_id TEXT,
  started BIGINT NOT NULL,
  ended BIGINT,
  state TEXT NOT NULL,
  reason TEXT,
  images BIGINT NOT NULL,
  held BIGINT NOT NULL,
  cost BIGINT NOT NULL,
  purses TEXT NOT NULL,
  story TEXT,
  prompt TEXT
) /*sqlite WITHOUT ROWID */;

CREATE INDEX requests_by_name ON requests (request_id, id);
CREATE INDEX requests_with_prompt ON requests (id) WHERE prompt IS NOT NULL;
CREATE INDEX requests_open ON requests (owner) WHERE ended IS NULL;

CREATE TABLE attempts (
  request TEXT NOT NULL,
  number BIGINT NOT NULL,
  provider TEXT NOT NULL,
  kind TEXT NOT NULL,
  model TEXT NOT NULL,
  size TEXT NOT NULL,
  quality TEXT NOT NULL,
  price TEXT,
  at_most BIGINT NOT NULL,
  state TEXT NOT NULL,
  outcome TEXT NOT NULL,
  reason TEXT,
  status BIGINT,
  milliseconds BIGINT NOT NULL,
  images BIGINT NOT NULL,
  tokens TEXT,
  input_tokens BIGINT NOT NULL,
  output_tokens BIGINT NOT NULL,
  cost BIGINT NOT NULL,
  presumed BIGINT NOT NULL,
  before BIGINT NOT NULL,
  PRIMARY KEY (request, number)
) /*sqlite WITHOUT ROWID */;
