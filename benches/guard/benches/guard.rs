//! What a request costs that passes through the layer, against what it may cost: `cargo bench -p bench-guard`.
//!
//! Fails if one of them costs 5 % more than its budget says, or an allocation more.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that measures and prints, and stops where something is wrong"
)]

use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use bench_guard::{SESSION_COOKIE, Subject, bare, count};
use tower_oauth::{AccessToken, Auth, AuthBuilder, User, providers};
use tower_oauth_test::{FakeProvider, ManualClock, SeededRandom, TestBrowser};

/// Added to the application without the layer: (name, instructions, allocations). What was measured, rounded up to the
/// next hundred; three fifths of a signed-in request are axum's boxes around any layer, and SHA-256 of the id.
const BUDGETS: [(&str, u64, u64); 6] = [
    ("nobody asks", 2_600, 7),
    ("no cookie, `Option<User>`", 3_000, 5),
    ("unknown cookie, `Option<User>`", 6_800, 7),
    ("`User`", 7_200, 7),
    ("`User` and `AccessToken`", 7_600, 7),
    ("`User` and `AccessToken`, session in its cookie", 24_000, 21),
];

const BASE_URL: &str = "https://app.example";

fn main() -> ExitCode {
    let mut subjects = subjects();
    let Some(costs) = count(&mut subjects) else { return ExitCode::SUCCESS };
    let bare = costs.first().unwrap();
    println!("| added to the bare application | instructions | budget | allocations | budget |");
    println!("|---|---|---|---|---|");
    let mut passed = true;
    for ((subject, cost), budget) in subjects.iter().zip(&costs).skip(1).zip(BUDGETS) {
        let (name, instructions, allocations) = budget;
        assert_eq!(subject.name, name);
        let added = cost.instructions.saturating_sub(bare.instructions);
        let allocated = cost.allocations.saturating_sub(bare.allocations);
        let fits = added <= instructions + instructions / 20 && allocated <= allocations;
        let verdict = if fits { "" } else { " **too much**" };
        passed &= fits;
        println!("| {name} | {added} | {instructions} | {allocated} | {allocations} |{verdict}");
    }
    println!("bare: {} instructions, {} allocations", bare.instructions, bare.allocations);
    if passed {
        return ExitCode::SUCCESS;
    }
    println!("find out why, or raise the budget in benches/guard/benches/guard.rs and say why");
    ExitCode::FAILURE
}

fn subjects() -> Vec<Subject> {
    let (auth, browser) = signed_in(|auth| auth);
    let (in_cookie, cookie_browser) = signed_in(AuthBuilder::cookie_sessions);
    let unknown = "__Host-auth=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let [nobody, no_cookie, unknown_cookie, user, token] = [(); 5].map(|()| auth.clone());
    let app = |auth: &Auth, route| Router::new().route("/me", route).layer(auth.layer());
    vec![
        Subject::new("bare", bare(), [browser.clone()]),
        Subject::new("nobody asks", app(&nobody, get(async || "ok")), [browser.clone()]),
        Subject::without_cookie("no cookie, `Option<User>`", app(&no_cookie, get(perhaps))),
        Subject::new(
            "unknown cookie, `Option<User>`",
            app(&unknown_cookie, get(perhaps)),
            [unknown.to_owned()],
        ),
        Subject::new("`User`", app(&user, get(named)), [browser.clone()]),
        Subject::new("`User` and `AccessToken`", app(&token, get(with_token)), [browser]),
        Subject::new(
            "`User` and `AccessToken`, session in its cookie",
            app(&in_cookie, get(with_token)),
            [cookie_browser],
        ),
    ]
}

async fn perhaps(user: Option<User>) -> &'static str {
    black_box(user.is_some());
    "ok"
}

async fn named(user: User) -> &'static str {
    black_box(user.subject());
    "ok"
}

async fn with_token(user: User, token: AccessToken) -> &'static str {
    black_box((user.subject(), token.secret()));
    "ok"
}

/// A login, and the cookie of the browser that went through it.
fn signed_in(settings: impl FnOnce(AuthBuilder) -> AuthBuilder) -> (Auth, String) {
    let clock = ManualClock::new();
    let provider = FakeProvider::builder().manual_clock(clock.clone()).build();
    let registration =
        providers::oidc(provider.issuer(), provider.client_id(), provider.client_secret());
    let auth = Auth::builder(BASE_URL)
        .provider(registration)
        .http_client(provider.http_client())
        .clock(Arc::new(clock))
        .random(Arc::new(SeededRandom::new(7)))
        .secret("EwN4mDp6Yl0aCq9TjW2hZs7bKv3xUf8RgO1nPcLe5Qi=");
    let auth = settings(auth).build().unwrap();
    let app = bare().layer(auth.layer());
    let mut browser = TestBrowser::new(BASE_URL, app, provider.http_client());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(browser.login_as("alice"));
    let cookies = browser.cookies();
    let (name, value) = cookies.iter().find(|(name, _)| name == SESSION_COOKIE).unwrap();
    (auth, format!("{name}={value}"))
}
