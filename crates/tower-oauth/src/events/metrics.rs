//! Counters and one histogram, through the facade of the `metrics` crate. No label has more values than there are
//! providers and codes: nobody from outside can make one.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use bytes::Bytes;
use metrics::SharedString;
use tower_oauth_core::{HttpClient, HttpError, HttpErrorKind, Limits};

use super::{Event, EventKind};

/// Counts `event`.
pub(super) fn count(event: &Event<'_>) {
    let provider = || event.provider().unwrap_or("none").to_owned();
    let code = || event.code().unwrap_or("none").to_owned();
    match event.kind() {
        EventKind::LoginStarted => {
            metrics::counter!("tower_oauth_logins_started_total", "provider" => provider())
                .increment(1);
        }
        EventKind::LoginSucceeded => login(provider(), "success".into()),
        EventKind::LoginFailed => login(provider(), code().into()),
        EventKind::SessionEnded => {
            metrics::counter!("tower_oauth_sessions_ended_total", "cause" => code()).increment(1);
        }
        EventKind::LogoutFailed => {
            metrics::counter!("tower_oauth_logouts_failed_total", "code" => code()).increment(1);
        }
        EventKind::Connected | EventKind::Disconnected => {
            let change = event.kind().as_str();
            metrics::counter!("tower_oauth_connections_total", "provider" => provider(), "change" => change).increment(1);
        }
        EventKind::TokenRefreshed => refresh(provider(), "success".into()),
        EventKind::RefreshFailed | EventKind::GrantEnded => refresh(provider(), code().into()),
    }
}

fn login(provider: String, outcome: SharedString) {
    metrics::counter!("tower_oauth_logins_total", "provider" => provider, "outcome" => outcome)
        .increment(1);
}

fn refresh(provider: String, outcome: SharedString) {
    metrics::counter!("tower_oauth_refreshes_total", "provider" => provider, "outcome" => outcome)
        .increment(1);
}

/// Calls to one provider, with how long each took and how it ended.
#[derive(Debug)]
pub(super) struct Measured {
    http: Arc<dyn HttpClient>,
    provider: String,
}

impl Measured {
    pub(super) fn new(http: Arc<dyn HttpClient>, provider: &str) -> Self {
        Self { http, provider: provider.to_owned() }
    }
}

#[async_trait]
impl HttpClient for Measured {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        limits: Limits,
    ) -> Result<http::Response<Bytes>, HttpError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "what is measured is real time, whatever the login's clock says"
        )]
        let begun = Instant::now();
        let result = self.http.send(request, limits).await;
        let outcome = match &result {
            Ok(response) => match response.status().as_u16() / 100 {
                2 => "2xx",
                3 => "3xx",
                4 => "4xx",
                5 => "5xx",
                _ => "other",
            },
            Err(error) => match error.kind() {
                HttpErrorKind::Timeout => "timeout",
                HttpErrorKind::TooLarge => "too_large",
                _ => "no_connection",
            },
        };
        metrics::histogram!("tower_oauth_provider_request_seconds", "provider" => self.provider.clone(), "outcome" => outcome)
            .record(begun.elapsed().as_secs_f64());
        result
    }
}
