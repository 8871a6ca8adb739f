CREATE TABLE {p}sessions (
    session_key BLOB NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    subject_hash BLOB,
    sid_hash BLOB,
    payload BLOB NOT NULL
) STRICT;
CREATE INDEX {p}sessions_expires ON {p}sessions (expires);
CREATE INDEX {p}sessions_subject ON {p}sessions (subject_hash) WHERE subject_hash IS NOT NULL;
CREATE INDEX {p}sessions_sid ON {p}sessions (sid_hash) WHERE sid_hash IS NOT NULL;

CREATE TABLE {p}marks (
    mark BLOB NOT NULL PRIMARY KEY,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX {p}marks_expires ON {p}marks (expires);
