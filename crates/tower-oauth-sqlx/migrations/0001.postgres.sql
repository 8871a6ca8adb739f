CREATE TABLE {p}sessions (
    version BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    session_key BYTEA PRIMARY KEY,
    subject_hash BYTEA,
    sid_hash BYTEA,
    payload BYTEA NOT NULL
) WITH (toast_tuple_target = 8160); -- a session stays in its row: one page to read, not three
ALTER TABLE {p}sessions ALTER COLUMN payload SET STORAGE EXTERNAL; -- what is sealed does not compress
CREATE INDEX {p}sessions_expires ON {p}sessions (expires);
CREATE INDEX {p}sessions_subject ON {p}sessions (subject_hash) WHERE subject_hash IS NOT NULL;
CREATE INDEX {p}sessions_sid ON {p}sessions (sid_hash) WHERE sid_hash IS NOT NULL;

CREATE TABLE {p}marks (
    expires BIGINT NOT NULL,
    mark BYTEA PRIMARY KEY
);
CREATE INDEX {p}marks_expires ON {p}marks (expires);
