//! `AUTH_STORE`: where sessions live.

use std::fmt::Display;
use std::time::Duration;

use tower_oauth::session::SessionStore;
use tower_oauth::{AuthBuilder, NearCache};
use tower_oauth_redis::RedisStore;
use tower_oauth_sqlx::{Cleaner, SqlStore};

/// What is expired lies in the tables for this long at most, and the five minutes by which clocks may differ.
const CLEANING_INTERVAL: Duration = Duration::from_secs(10 * 60);

/// Where sessions live, connected to.
pub(crate) enum Sessions {
    InMemory,
    InCookies,
    OnRedis(RedisStore),
    InTables(SqlStore),
}

impl Sessions {
    /// Opens what the value of `AUTH_STORE` names.
    pub(crate) async fn open(choice: Option<&str>) -> Result<Self, String> {
        let choice = choice.unwrap_or("memory");
        match (choice, choice.split_once(':')) {
            ("memory", _) => Ok(Self::InMemory),
            ("cookie", _) => Ok(Self::InCookies),
            (url, Some(("redis" | "rediss" | "redis+unix", _))) => {
                RedisStore::connect(url).await.map(Self::OnRedis).map_err(refused)
            }
            (url, Some(("postgres" | "postgresql" | "mysql" | "mariadb" | "sqlite", _))) => {
                let store = SqlStore::connect(url).await.map_err(refused)?;
                store.migrate().await.map_err(refused)?;
                Ok(Self::InTables(store))
            }
            // Not shown: it may be a password.
            _ => Err(refused(
                "is none of memory, cookie, redis://…, rediss://…, postgres://…, mysql://…, sqlite:…",
            )),
        }
    }

    /// Whether a provider may be asked for refresh tokens.
    pub(crate) const fn keep_refresh_tokens(&self) -> bool {
        !matches!(self, Self::InCookies)
    }

    /// Has `builder` keep its sessions here, and a copy of those that are elsewhere in this process for as long as
    /// `max_staleness`. Expired ones are removed while the cleaner lives.
    pub(crate) fn configure(
        self,
        builder: AuthBuilder,
        max_staleness: Duration,
    ) -> (AuthBuilder, Option<Cleaner>) {
        match self {
            Self::InMemory => (builder.backchannel_logout(true), None),
            Self::InCookies => (builder.cookie_sessions(), None),
            Self::OnRedis(store) => (on_a_server(builder, store, max_staleness), None),
            Self::InTables(store) => {
                let cleaner = store.spawn_cleaner(CLEANING_INTERVAL);
                (on_a_server(builder, store, max_staleness), Some(cleaner))
            }
        }
    }
}

fn on_a_server(
    builder: AuthBuilder,
    store: impl SessionStore,
    max_staleness: Duration,
) -> AuthBuilder {
    builder.store(NearCache::new(store, max_staleness)).backchannel_logout(true)
}

fn refused(problem: impl Display) -> String {
    format!("AUTH_STORE: {problem}")
}
