-- MySQL commits after each of these, so each must be good to run again after a crash.
CREATE TABLE IF NOT EXISTS {p}sessions (
    session_key BINARY(32) NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    subject_hash BINARY(32),
    sid_hash BINARY(32),
    payload MEDIUMBLOB NOT NULL,
    KEY {p}sessions_expires (expires),
    KEY {p}sessions_subject (subject_hash),
    KEY {p}sessions_sid (sid_hash)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;

CREATE TABLE IF NOT EXISTS {p}marks (
    mark BINARY(32) NOT NULL PRIMARY KEY,
    expires BIGINT NOT NULL,
    KEY {p}marks_expires (expires)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC;
