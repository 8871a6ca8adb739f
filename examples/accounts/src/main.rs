//! Accounts of the application's own, in SQLite: `cargo run -p accounts`, then open <http://localhost:3000>.
//!
//! Two providers run in the same process: sign in at one as Alice, link the other, sign out, and sign in with the other.
//! Accounts are in memory, and end with the process.

use std::sync::Arc;

use accounts::{Database, app};
use tokio::net::TcpListener;
use tower_oauth::{Auth, Provider, SystemClock, SystemRandom, providers};
use tower_oauth_test::{FakeProvider, Served};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let database = Database::open("sqlite::memory:").await?;
    let (work, home) = (provider().await?, provider().await?);
    let auth = Auth::builder("http://localhost:3000")
        .provider(registration(&work, "work"))
        .provider(registration(&home, "home"))
        .accounts(database.clone())
        .build()?;
    let listener = TcpListener::bind("localhost:3000").await?;
    Ok(axum::serve(listener, app(&auth, database)).await?)
}

async fn provider() -> std::io::Result<Served> {
    let clock = Arc::new(SystemClock::default());
    let builder = FakeProvider::builder().clock(clock);
    builder.random(Arc::new(SystemRandom::default())).bind_loopback().await
}

fn registration(served: &Served, key: &str) -> Provider {
    let op = served.provider();
    providers::oidc(op.issuer(), op.client_id(), op.client_secret()).key(key).display_name(key)
}
