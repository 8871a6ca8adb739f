//! Tokens that nobody needs any more are given back to the provider (RFC 7009), while nobody waits for it.

use std::sync::Arc;

use tower_oauth_core::session::{Connection, StoreKey, TokenSet};

use super::detach;
use super::flight::FlightKey;
use crate::auth::Auth;

/// Revokes the tokens of sessions that have ended, in a task of its own.
pub(crate) fn revoke_all(auth: &Auth, ended: Vec<(StoreKey, Arc<Connection>)>) {
    let flights = &auth.inner().refreshes.flights;
    let newest = ended.into_iter().map(|(session, connection)| {
        let key = FlightKey { session, provider: connection.provider.clone() };
        // A refresh may have landed between our reading of the session and its end.
        flights.forget(&key, &connection).unwrap_or(connection)
    });
    revoke(auth, newest.collect());
}

/// The same for connections that were never in a session, or are not any more.
pub(super) fn revoke(auth: &Auth, connections: Vec<Arc<Connection>>) {
    let inner = auth.inner();
    let is_revocable = |connection: &Arc<Connection>| {
        let client = auth.client(&connection.provider);
        inner.revoke_at_logout
            && outlives_a_session(&connection.tokens)
            && client.is_some_and(|it| it.provider().revokes_at_logout())
    };
    let connections: Vec<_> = connections.into_iter().filter(is_revocable).collect();
    if connections.is_empty() {
        return;
    }
    let auth = auth.clone();
    let task = async move {
        for connection in connections {
            let provider = &connection.provider;
            let Some(client) = auth.client(provider) else { continue };
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
