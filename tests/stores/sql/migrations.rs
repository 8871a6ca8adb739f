//! The tables that the store makes for itself.

use tower_oauth::session::SessionStore;
use tower_oauth_sqlx::{SqlErrorKind, SqlStore};

use super::database::{Database, Engine, content};
use super::on_each;

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_start_at_once_make_the_tables_once() {
    for engine in Engine::SHARED {
        let database = Database::empty(engine).await;
        let tasks: Vec<_> = (0..6)
            .map(|_| {
                let (url, prefix) = (database.url.clone(), database.prefix.clone());
                tokio::spawn(async move {
                    let store = SqlStore::connect(&url).await?.with_table_prefix(&prefix)?;
                    store.migrate().await
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        assert_eq!(database.count("schema").await, 1);
        assert_eq!(database.count("sessions").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn migrating_again_changes_nothing() {
    on_each(async |database| {
        let store = database.store().await;
        let key = database.key();
        store.create(&key, database.record("kept", 60)).await.unwrap();
        store.migrate().await.unwrap();
        assert_eq!(content(&store, &key).await.unwrap(), b"kept");
        assert_eq!(database.count("schema").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_a_newer_release_are_left_alone() {
    on_each(async |database| {
        database.execute("INSERT INTO {p}schema VALUES (7)").await;
        let error = database.store().await.migrate().await.unwrap_err();
        assert_eq!(error.kind(), SqlErrorKind::Schema);
        let message = error.to_string();
        for part in [database.prefix.as_str(), "7", "1", "newer release"] {
            assert!(message.contains(part), "{message}");
        }
        assert_eq!(database.count("schema").await, 2);
    })
    .await;
}

/// What a crash or a missing right leaves is nothing, or on MySQL a beginning, and the next start goes on from it.
#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_breaks_off_can_be_repeated() {
    on_each(async |database| {
        database.execute("DROP TABLE {p}sessions").await;
        database.execute("DELETE FROM {p}schema").await; // {p}marks is still there
        let store = database.store().await;
        if database.engine == Engine::MariaDb {
            store.migrate().await.unwrap();
            assert_eq!(database.count("sessions").await, 0);
            return;
        }
        assert_eq!(store.migrate().await.unwrap_err().kind(), SqlErrorKind::Database);
        assert_eq!(database.count("schema").await, 0, "all or nothing");
        database.execute("DROP TABLE {p}marks").await;
        store.migrate().await.unwrap();
        assert_eq!(database.count("sessions").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_tables_the_error_says_what_to_do() {
    for engine in Engine::ALL {
        let database = Database::empty(engine).await;
        let error = database.store().await.clean_expired().await.unwrap_err();
        assert_eq!(error.kind(), SqlErrorKind::Schema, "{engine:?}");
        assert!(error.to_string().contains("SqlStore::migrate"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn applications_in_one_database_are_apart() {
    on_each(async |database| {
        let one = database.store().await;
        let two = database.store().await.with_table_prefix("another_").unwrap();
        two.migrate().await.unwrap();
        let key = database.key();
        one.create(&key, database.record("one", 60)).await.unwrap();
        assert!(content(&two, &key).await.is_none());
        two.create(&key, database.record("two", 60)).await.unwrap();
        assert_eq!(content(&one, &key).await.unwrap(), b"one");
    })
    .await;
}

#[tokio::test]
async fn a_table_prefix_cannot_hold_sql() {
    let database = Database::empty(Engine::SqliteMemory).await;
    for prefix in ["", "1a", "A", "a-b", "a b", "a;", "a\"", "a`", "a.b", "ä", &"a".repeat(41)] {
        let error = database.store().await.with_table_prefix(prefix).unwrap_err();
        assert_eq!(error.kind(), SqlErrorKind::Configuration, "{prefix}");
    }
    assert!(database.store().await.with_table_prefix(&"a".repeat(40)).is_ok());
}

/// The longest prefix still gives names that the database tells apart.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_prefix_fits() {
    on_each(async |database| {
        let prefix = format!("{}{}", "a".repeat(40 - database.prefix.len()), database.prefix);
        let store = database.store().await.with_table_prefix(&prefix).unwrap();
        store.migrate().await.unwrap();
        let key = database.key();
        store.create(&key, database.record("x", 60)).await.unwrap();
        assert_eq!(content(&store, &key).await.unwrap(), b"x");
    })
    .await;
}

/// An administrator migrates; the application may read and write rows, and its own call finds nothing to do.
#[tokio::test(flavor = "multi_thread")]
async fn an_application_needs_no_right_to_make_tables() {
    let database = Database::new(Engine::Postgres).await;
    let user = format!("{}app", database.prefix);
    database.execute(&format!("CREATE ROLE {user} LOGIN")).await;
    for (rights, table) in [("SELECT, INSERT, UPDATE, DELETE", "sessions"), ("SELECT", "schema")] {
        database.execute(&format!("GRANT {rights} ON {{p}}{table} TO {user}")).await;
    }
    let url = database.url.replace("postgres@", &format!("{user}@"));
    let store = SqlStore::connect(&url).await.unwrap();
    store.clone().migrate().await.unwrap_err(); // no right to make tower_oauth_…
    let store = store.with_table_prefix(&database.prefix).unwrap();
    store.migrate().await.unwrap();
    let key = database.key();
    store.create(&key, database.record("x", u32::MAX.into())).await.unwrap();
    assert_eq!(database.count("sessions").await, 1);
}
