-- Answers that are kept for whoever asks again under the same name. Times are milliseconds since 1970.

CREATE TABLE answers (
  id TEXT PRIMARY KEY,
  body TEXT NOT NULL,
  request TEXT NOT NULL,
  ends BIGINT NOT NULL,
  answer TEXT
) /*sqlite WITHOUT ROWID */;

CREATE INDEX answers_by_end ON answers (ends);
