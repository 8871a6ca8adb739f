//! `tower-oauth-sqlx` on PostgreSQL, MariaDB and SQLite: every case on every one of them.

mod cleaner;
mod database;
mod faults;
mod lost_answers;
mod migrations;
mod product;
mod records;

use database::{Database, Engine};

/// Runs `case` on a fresh database of each engine.
async fn on_each(case: impl AsyncFn(Database)) {
    on(&Engine::ALL, case).await;
}

#[expect(clippy::print_stdout, reason = "shown if the case fails")]
async fn on(engines: &[Engine], case: impl AsyncFn(Database)) {
    for engine in engines {
        println!("on {engine:?}");
        case(Database::new(*engine).await).await;
    }
}
