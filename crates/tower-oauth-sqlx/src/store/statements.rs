//! The statements, one per operation, in the dialect of each database.
//!
//! Each is atomic by itself at any isolation level. They are written with `{p}` for the prefix of the tables and
//! `?` for the arguments, which come in the order of the text.

use super::engine::Engine;

/// What the store says to its database.
pub(crate) struct Statements {
    pub(crate) create: Upsert,
    pub(crate) load: String,
    pub(crate) swap: String,
    pub(crate) delete: String,
    pub(crate) delete_by_subject: String,
    pub(crate) delete_by_sid: String,
    pub(crate) find_by_subject: String,
    pub(crate) find_by_sid: String,
    pub(crate) mark: Upsert,
    /// Each removes one batch.
    pub(crate) clean: [String; 2],
}

/// Adds a row, or takes the place of an expired one, and leaves a live one alone.
pub(crate) struct Upsert {
    pub(crate) insert: String,
    /// MySQL has no condition on `ON DUPLICATE KEY UPDATE`: it is asked this after a duplicate.
    pub(crate) reclaim: Option<String>,
}

/// Rows that one statement of the cleaner removes at most.
pub(crate) const BATCH: u32 = 1_000;

const INSERT_SESSION: &str = "INSERT INTO {p}sessions \
    (version, expires, subject_hash, sid_hash, payload, session_key) VALUES (?, ?, ?, ?, ?, ?)";
const UPDATE_SESSION: &str = "UPDATE {p}sessions SET \
    version = ?, expires = ?, subject_hash = ?, sid_hash = ?, payload = ? WHERE session_key = ?";
const INSERT_MARK: &str = "INSERT INTO {p}marks (expires, mark) VALUES (?, ?)";

impl Statements {
    pub(crate) fn new(engine: Engine, prefix: &str) -> Self {
        let text = |template: &str| text(engine, prefix, template);
        let replace_session = "ON CONFLICT (session_key) DO UPDATE SET \
            version = excluded.version, expires = excluded.expires, payload = excluded.payload, \
            subject_hash = excluded.subject_hash, sid_hash = excluded.sid_hash \
            WHERE {p}sessions.expires <= ?";
        let reclaim_session = format!("{UPDATE_SESSION} AND expires <= ?");
        let replace_mark = "ON CONFLICT (mark) DO UPDATE SET expires = excluded.expires \
            WHERE {p}marks.expires <= ?";
        let reclaim_mark = "UPDATE {p}marks SET expires = ? WHERE mark = ? AND expires <= ?";
        let upsert = |insert: &str, replace: &str, reclaim: &str| match engine {
            Engine::MySql => Upsert { insert: text(insert), reclaim: Some(text(reclaim)) },
            Engine::Postgres | Engine::Sqlite => {
                Upsert { insert: text(&format!("{insert} {replace}")), reclaim: None }
            }
        };
        let [sessions, marks] = [("sessions", "session_key"), ("marks", "mark")]
            .map(|(table, key)| text(&clean(engine, table, key)));
        Self {
            create: upsert(INSERT_SESSION, replace_session, &reclaim_session),
            load: text(
                "SELECT version, expires, payload FROM {p}sessions \
                 WHERE session_key = ? AND expires > ?",
            ),
            swap: text(&format!("{UPDATE_SESSION} AND version = ? AND expires > ?")),
            delete: text("DELETE FROM {p}sessions WHERE session_key = ?"),
            delete_by_subject: text("DELETE FROM {p}sessions WHERE subject_hash = ?"),
            delete_by_sid: text("DELETE FROM {p}sessions WHERE sid_hash = ?"),
            find_by_subject: text(
                "SELECT session_key FROM {p}sessions WHERE subject_hash = ? AND expires > ?",
            ),
            find_by_sid: text(
                "SELECT session_key FROM {p}sessions WHERE sid_hash = ? AND expires > ?",
            ),
            mark: upsert(INSERT_MARK, replace_mark, reclaim_mark),
            clean: [sessions, marks],
        }
    }
}

/// Removes a batch of what is expired *when it is removed*: a row that was just replaced stays. Replicas that clean
/// at the same time do not wait for each other where the database can do without.
fn clean(engine: Engine, table: &str, key: &str) -> String {
    match engine {
        // The lock makes the condition hold until the row is gone.
        Engine::Postgres => format!(
            "DELETE FROM {{p}}{table} WHERE {key} = ANY(ARRAY(SELECT {key} FROM {{p}}{table} \
             WHERE expires <= ? ORDER BY expires LIMIT {BATCH} FOR UPDATE SKIP LOCKED))"
        ),
        // Nobody else writes meanwhile.
        Engine::Sqlite => format!(
            "DELETE FROM {{p}}{table} WHERE {key} IN (SELECT {key} FROM {{p}}{table} \
             WHERE expires <= ? ORDER BY expires LIMIT {BATCH})"
        ),
        Engine::MySql => {
            format!("DELETE FROM {{p}}{table} WHERE expires <= ? ORDER BY expires LIMIT {BATCH}")
        }
    }
}

/// `template` in the dialect of `engine`.
pub(crate) fn text(engine: Engine, prefix: &str, template: &str) -> String {
    let text = template.replace("{p}", prefix);
    match engine {
        Engine::Postgres => {
            let numbered = text.split('?').enumerate().map(|(number, part)| match number {
                0 => part.to_owned(),
                _ => format!("${number}{part}"),
            });
            numbered.collect()
        }
        Engine::Sqlite | Engine::MySql => text,
    }
}
