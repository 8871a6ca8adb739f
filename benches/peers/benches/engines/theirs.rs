//! The same tokens in sessions of tower-sessions 0.14, which is what its stores on servers are for.

use std::hint::black_box;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use bench_guard::Subject;
use tower_sessions_0_14::{Session, SessionManagerLayer, SessionStore};

use crate::sessions::{Content, Tokens};

/// Profile and tokens in the session; the handler reads the tokens alone.
pub(crate) async fn subject(
    name: String,
    store: impl SessionStore + Clone,
    sessions: u32,
) -> Subject {
    let mut cookies = Vec::new();
    for number in 0..sessions {
        let session = Session::new(None, Arc::new(store.clone()), None);
        let Content { user, tokens } = Content::new(number);
        session.insert("user", user).await.unwrap();
        session.insert("tokens", tokens).await.unwrap();
        session.save().await.unwrap();
        cookies.push(format!("id={}", session.id().unwrap()));
    }
    let handler = async |session: Session| {
        let tokens: Tokens = session.get("tokens").await.unwrap().unwrap();
        black_box(&tokens.access_token);
        "ok"
    };
    let app = Router::new().route("/me", get(handler)).layer(SessionManagerLayer::new(store));
    Subject::new(name, app, cookies)
}
