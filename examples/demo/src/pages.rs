//! The demo's pages.

use std::sync::LazyLock;

use askama::Template;
use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::State;
use axum::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tower_oauth::{AccessToken, Email, User};

use crate::{App, api};

/// The style sheet as it stands in every page: templates end without their final newline.
const STYLE: &str = include_str!("../templates/demo.css").trim_ascii_end();

/// The answer to the sign-out form leads to the provider, which Chromium holds against `form-action`.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src https: data:; \
         form-action 'self' https: http://localhost:* http://127.0.0.1:*; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    account: Option<Account>,
}

#[derive(Template)]
#[template(path = "profile.html")]
struct Profile {
    account: Account,
    issuer: String,
    subject: String,
    email: Option<String>,
    email_verified: Option<bool>,
    claims: String,
}

#[derive(Template)]
#[template(path = "api.html")]
struct Api {
    url: String,
    status: StatusCode,
    body: String,
    token: Token,
}

/// Who is signed in, as every page shows it.
struct Account {
    name: String,
    picture: Option<String>,
    provider: String,
}

/// Facts about the token, never the token.
struct Token {
    kind: String,
    expires_in: Option<String>,
    scopes: Vec<String>,
    fingerprint: String,
}

impl From<&User> for Account {
    fn from(user: &User) -> Self {
        Self {
            name: user.display_name().to_owned(),
            picture: user.picture().map(ToOwned::to_owned),
            provider: user.provider().to_owned(),
        }
    }
}

/// `GET /`: for everybody.
pub(crate) async fn home(user: Option<User>) -> Response {
    page(&Home { account: user.as_ref().map(Account::from) })
}

/// `GET /profile`: everything that is known of the user.
pub(crate) async fn profile(user: User) -> Response {
    page(&Profile {
        account: Account::from(&user),
        issuer: user.issuer().to_owned(),
        subject: user.subject().to_owned(),
        email: user.email().map(|email| email.address().to_owned()),
        email_verified: match user.email() {
            Some(Email::Verified(_)) => Some(true),
            Some(Email::Unverified(_)) => Some(false),
            _ => None,
        },
        claims: serde_json::to_string_pretty(user.claims()).unwrap_or_default(),
    })
}

/// `GET /call`: an API call with the user's token.
pub(crate) async fn call(State(app): State<App>, token: AccessToken) -> Response {
    let answer = match api::call(&app, &token).await {
        Ok(answer) => answer,
        Err(problem) => return (StatusCode::BAD_GATEWAY, problem).into_response(),
    };
    let body = match serde_json::from_str::<serde_json::Value>(&answer.body) {
        Ok(json) => serde_json::to_string_pretty(&json).unwrap_or(answer.body),
        Err(_) => answer.body,
    };
    page(&Api {
        url: answer.url,
        status: answer.status,
        body,
        token: Token {
            kind: token.token_type().to_owned(),
            expires_in: token.expires_in().map(|left| match left.as_secs() {
                seconds @ 0..120 => format!("{seconds} seconds"),
                seconds => format!("{} minutes", seconds / 60),
            }),
            scopes: token.scopes().to_vec(),
            fingerprint: api::fingerprint(&token),
        },
    })
}

fn page(template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => {
            let policy = [
                (CONTENT_SECURITY_POLICY, POLICY.clone()),
                (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
            ];
            (policy, Html(html)).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
