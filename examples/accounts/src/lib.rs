//! An application with accounts of its own: the first login creates one, later ones find it, another provider is linked
//! to it, and whoever was disabled stays out. The hook is in `database.rs`.

mod database;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use tower_oauth::{Account, Auth, Rejection};

pub use database::{Database, Member};

/// The application.
pub fn app(auth: &Auth, database: Database) -> Router {
    Router::new().route("/", get(home)).with_state(database).layer(auth.layer())
}

/// A session outlives what happens to its account, so what decides is asked of the database.
async fn home(Account(member): Account<Member>, State(database): State<Database>) -> Response {
    let Ok(account) = database.account(member.id).await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    if account.disabled {
        return Rejection::forbidden("This account is disabled.").into_response();
    }
    let identities = account.identities;
    let page = format!(
        "<h1>Account {}</h1>\
         <p>It can be signed in to in {identities} ways.</p>\
         <form method=post action=/auth/connect/home><button>Link home</button></form>\
         <form method=post action=/auth/connect/work><button>Link work</button></form>\
         <form method=post action=/auth/logout><button>Sign out</button></form>",
        member.id
    );
    Html(page).into_response()
}
