//! Tokens that nobody needs any more are given back to the provider (RFC 7009), while nobody waits for it.

use std::sync::Arc;

use tower_oauth_core::Provider;
use tower_oauth_core::session::{Connection, StoreKey, TokenSet};

use super::detach;
use super::flight::FlightKey;
use crate::auth::Auth;

/// Revokes the tokens of sessions that have ended, in a task of its own.
pub(crate) fn revoke_all(auth: &Auth, ended: Vec<(StoreKey, Arc<Connection>)>) {
    let flights = &auth.inner().refreshes.flights;
    let newest = ended.into_iter().map(|(session, connection)| {
        let key = FlightKey { session, provider: Arc::clone(&connection.provider) };
        // A refresh may have landed between our reading of the session and its end.
        flights.forget(&key, &connection).unwrap_or(connection)
    });
    revoke(auth, newest.collect());
}

/// The same for connections that were never in a session, or are not any more.
pub(super) fn revoke(auth: &Auth, connections: Vec<Arc<Connection>>) {
    let is_revocable = |it: &Arc<Connection>| outlives_a_session(&it.tokens);
    let connections: Vec<_> = connections.into_iter().filter(is_revocable).collect();
    if auth.inner().revoke_at_logout {
        revoke_detached(auth, connections, Provider::revokes_at_logout);
    }
}

/// The same for a login that the application refuses, whatever becomes of tokens at a sign-out.
pub(crate) fn revoke_now(auth: &Auth, connection: Connection) {
    revoke_detached(auth, vec![Arc::new(connection)], |_| true);
}

fn revoke_detached(
    auth: &Auth,
    connections: Vec<Arc<Connection>>,
    is_wanted: impl Fn(&Provider) -> bool + Send + 'static,
) {
    if connections.is_empty() {
        return;
    }
    let auth = auth.clone();
    let task = async move {
        let clients = match auth.clients().await {
            Ok(clients) => clients,
            Err(error) => {
                tracing::warn!(target: "tower_oauth::tokens", code = error.code(), "not revoked: {}", error.with_causes());
                return;
            }
        };
        for connection in connections {
            let provider = &*connection.provider;
            let client = clients.of(&connection).filter(|client| is_wanted(client.provider()));
            let Some(client) = client else { continue };
            match client.revoke(&connection.tokens).await {
                Ok(true) => tracing::info!(target: "tower_oauth::tokens", provider, "revoked"),
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(target: "tower_oauth::tokens", provider, code = error.code(), "not revoked: {}", error.with_causes());
                }
            }
        }
    };
    if let Err(error) = detach(task) {
        tracing::error!(target: "tower_oauth::tokens", code = error.code(), "not revoked: {error}");
    }
}

/// An access token that ends soon is left to do so: many providers drop all they know of a grant along with it, the
/// user's consent and what was issued to a login that follows at once.
fn outlives_a_session(tokens: &TokenSet) -> bool {
    tokens.refresh_token.is_some() || tokens.expires.is_none()
}
