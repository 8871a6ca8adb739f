//! The tables: migrations that this crate owns, numbered, each applied once.

use super::SqlStore;
use super::engine::{Connection, Engine};
use super::error::{Fault, SqlError, SqlErrorKind};
use super::statements::text;

/// The migrations in order: the first makes version 1 of the schema. One that was released never changes.
fn migrations(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Postgres => &[include_str!("../../migrations/0001.postgres.sql")],
        Engine::Sqlite => &[include_str!("../../migrations/0001.sqlite.sql")],
        Engine::MySql => &[include_str!("../../migrations/0001.mysql.sql")],
    }
}

impl SqlStore {
    /// Makes the tables, or brings them to the version that this crate knows. Call it when the application starts;
    /// where there is nothing to do it reads one row, and needs no right but to read it.
    ///
    /// Several processes may call it at once: one migrates, the others wait, up to a minute. It goes on when its
    /// caller gives up.
    ///
    /// # Errors
    ///
    /// [`SqlErrorKind::Schema`] when the tables were made by a newer version of this crate; otherwise when the
    /// database cannot be reached or refuses, in which case PostgreSQL and SQLite are as before, and MySQL goes on
    /// at the next call.
    pub async fn migrate(&self) -> Result<(), SqlError> {
        let store = self.clone();
        // A task of its own, so that nobody can cancel it between the lock and its end.
        let migration = tokio::spawn(async move { store.migrate_to_end().await });
        migration.await.unwrap_or_else(|error| {
            Err(SqlError::new(SqlErrorKind::Schema, format!("the migration broke off: {error}")))
        })
    }

    async fn migrate_to_end(&self) -> Result<(), SqlError> {
        let _turn = self.pool.turn_to_write().await;
        let mut connection = self.first_connection().await?;
        let version = match self.version(&mut connection).await {
            Err(error) if Fault::of(&error) == Fault::MissingTable => 0,
            version => version?,
        };
        if self.pending(version)?.is_empty() {
            return Ok(());
        }
        // Where the lock belongs to the connection, it must not go back to the pool with it.
        connection.close_on_drop();
        self.script(&mut connection, lock(self.pool.engine())).await?;
        let result = self.migrate_locked(&mut connection).await;
        let end = if result.is_ok() { "COMMIT" } else { "ROLLBACK" };
        result.and(connection.script(end).await.map_err(SqlError::from))
    }

    async fn migrate_locked(&self, connection: &mut Connection) -> Result<(), SqlError> {
        let table = "CREATE TABLE IF NOT EXISTS {p}schema (version BIGINT NOT NULL PRIMARY KEY)";
        self.script(connection, table).await?;
        let version = self.version(connection).await?; // again: somebody may have been here before the lock
        for (version, migration) in (version + 1..).zip(self.pending(version)?) {
            self.script(connection, migration).await?;
            self.script(connection, &format!("INSERT INTO {{p}}schema VALUES ({version})")).await?;
            tracing::info!(target: "tower_oauth::session", version, "the tables were migrated");
        }
        Ok(())
    }

    async fn version(&self, connection: &mut Connection) -> Result<usize, sqlx::Error> {
        let sql = "SELECT version FROM {p}schema ORDER BY version DESC LIMIT 1";
        let version = connection.number(&self.text(sql)).await?;
        Ok(version.and_then(|version| usize::try_from(version).ok()).unwrap_or_default())
    }

    /// The migrations that tables of `version` lack.
    fn pending(&self, version: usize) -> Result<&'static [&'static str], SqlError> {
        let migrations = migrations(self.pool.engine());
        migrations.get(version..).ok_or_else(|| {
            let known = migrations.len();
            let message = format!(
                "the tables {prefix}* have version {version}, and this tower-oauth-sqlx knows {known}: \
                 take the newer release that made them, or another table prefix",
                prefix = self.prefix
            );
            SqlError::new(SqlErrorKind::Schema, message)
        })
    }

    async fn script(&self, connection: &mut Connection, sql: &str) -> Result<(), SqlError> {
        Ok(connection.script(&self.text(sql)).await?)
    }

    fn text(&self, template: &str) -> String {
        text(self.pool.engine(), &self.prefix, template)
    }
}

/// Begins a transaction, where tables can be made in one, and lets one process at a time go on.
fn lock(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => {
            "BEGIN; SET LOCAL lock_timeout = '60s'; \
             SELECT pg_advisory_xact_lock(hashtextextended('tower-oauth-sqlx {p}', 0))"
        }
        Engine::Sqlite => "BEGIN IMMEDIATE",
        // GET_LOCK answers 0 after a minute; the statements can be repeated, so going on then is no harm.
        Engine::MySql => {
            "DO GET_LOCK(CONCAT('tower-oauth-sqlx ', MD5(CONCAT(DATABASE(), '.{p}'))), 60)"
        }
    }
}
