//! New tokens reach the store before anybody has them.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};
use tower_oauth_core::session::{Connection, Swap, TokenSet};
use tower_oauth_core::{Error, ErrorKind};

use super::flight::FlightKey;
use super::refresh::Refresh;
use super::{Outcome, TokenError, is_same, revoke};
use crate::events::EventKind;
use crate::live_session::LiveSession;

/// How long a store that fails is asked again.
const BUDGET: Duration = Duration::from_secs(20);
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// Puts `tokens` in the place of those of `presented`, beside whatever else became of the session meanwhile.
///
/// Where the session has ended, nothing brings it back and the tokens are given back to the provider.
pub(super) async fn land(
    refresh: &Refresh<'_>,
    live: LiveSession,
    presented: &Connection,
    tokens: TokenSet,
) -> Outcome {
    let renewed = Arc::new(presented.with_tokens(tokens));
    let landing = land_again_and_again(refresh, live, presented, &renewed);
    let outcome = timeout(BUDGET, landing).await.unwrap_or_else(|_| {
        let reason = "refreshed, and the session store does not keep the new tokens; where the provider \
                      replaced the refresh token, the grant is lost";
        Err(Error::new(ErrorKind::StoreUnavailable, reason).into())
    });
    let FlightKey { session, provider } = refresh.key;
    match &outcome {
        Ok(connection) if is_same(connection, &renewed) => {
            let lifetime = renewed.tokens.expires.map(|end| end.since(renewed.tokens.obtained));
            tracing::info!(target: "tower_oauth::tokens", provider = &**provider, ?session, expires_in = lifetime.map(|it| it.as_secs()), "refreshed");
            refresh.auth.tell_connection(EventKind::TokenRefreshed, *session, provider, None);
        }
        Ok(_) => {
            tracing::warn!(target: "tower_oauth::tokens", provider = &**provider, ?session, "refreshed elsewhere at the same time");
        }
        // Told by whoever started this, as every failure.
        Err(TokenError::Unavailable { .. }) => {}
        Err(_) => {
            tracing::info!(target: "tower_oauth::tokens", provider = &**provider, ?session, "refreshed, and the session has ended meanwhile");
            revoke::revoke(refresh.auth, vec![renewed]);
        }
    }
    outcome
}

async fn land_again_and_again(
    refresh: &Refresh<'_>,
    mut live: LiveSession,
    presented: &Connection,
    renewed: &Arc<Connection>,
) -> Outcome {
    let mut pause = PAUSE.0;
    loop {
        let session = live.session.with_connection(Arc::clone(renewed));
        // An error leaves open whether it was swapped. Reading tells.
        match refresh.auth.swap_session(&live, session).await {
            Ok(Swap::Swapped(_)) => return Ok(Arc::clone(renewed)),
            Ok(Swap::Missing) => return Err(TokenError::SignedOut),
            Ok(_) | Err(_) => {}
        }
        live = loop {
            match refresh.auth.live_session(refresh.key.session).await {
                Ok(Some(live)) => break live,
                Ok(None) => return Err(TokenError::SignedOut),
                Err(_) => pause_longer(&mut pause).await,
            }
        };
        match live.session.connection_to(&refresh.key.provider) {
            None => return Err(TokenError::NotConnected),
            // Ours after all, or those of somebody who was faster.
            Some(current) if !is_same(current, presented) => return Ok(Arc::clone(current)),
            Some(_) => pause_longer(&mut pause).await,
        }
    }
}

async fn pause_longer(pause: &mut Duration) {
    sleep(*pause).await;
    *pause = (*pause * 2).min(PAUSE.1);
}
