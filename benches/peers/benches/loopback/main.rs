//! A login and a signed-in request over HTTP, beside what else a user could pick:
//! `cargo bench -p bench-peers --bench loopback`.
//!
//! Provider and applications are processes of their own on loopback, with one thread each. A login begins with a browser's
//! first request and ends with the page that it came for; what it costs is the time that the application's process has had a
//! processor. Then wrk asks for that page. All take turns, so that what else the machine does hits them alike.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a program that measures and prints, and stops where something is wrong"
)]

mod by_hand;
#[path = "../peers/lower_bound.rs"]
#[expect(dead_code, reason = "the other benchmarks make their sessions themselves")]
mod lower_bound;
mod measured;
mod provider;
mod server;
#[path = "../peers/sessions.rs"]
#[expect(dead_code, reason = "the other benchmarks have more rows")]
mod sessions;
mod verification;
mod with_axum_login;
mod with_axum_oidc;
mod wrk;

use std::env;
use std::sync::Arc;

use axum::Router;
use bench_guard::{Targets, bare, me};
use tower_oauth::provider::UserInfo;
use tower_oauth::{Auth, HttpClient, ReqwestClient, providers};
use tower_oauth_test::FakeProvider;

use measured::{Measured, micros, ratio};
use server::{Server, serve};

const WARM_UP: u32 = 50;
const ROUNDS: usize = 15;
const LOGINS: u32 = 50;

/// An application, and where a browser goes that wants to sign in and then see `/me`.
#[derive(Clone, Copy)]
struct Variant {
    name: &'static str,
    entry: &'static str,
    is_login: bool,
}

const BARE: &str = "bare";
const OURS: &str = "tower-oauth";
const OURS_ID_TOKEN: &str = "tower-oauth, profile from the ID token";
const BY_HAND: &str = "lower bound, by hand, profile from the ID token";
const AXUM_LOGIN: &str = "axum-login 0.18, as its example";
const AXUM_OIDC: &str = "axum-oidc 1.0.0-dev-2";
const TOWER_SESSIONS: &str = "tower-sessions 0.15, `get(\"tokens\")`";

const VARIANTS: [Variant; 7] = [
    Variant { name: BARE, entry: "/me", is_login: false },
    Variant { name: OURS, entry: "/auth/login?return_to=/me", is_login: true },
    Variant { name: OURS_ID_TOKEN, entry: "/auth/login?return_to=/me", is_login: true },
    Variant { name: BY_HAND, entry: "/login", is_login: true },
    Variant { name: AXUM_LOGIN, entry: "/login", is_login: true },
    Variant { name: AXUM_OIDC, entry: "/me", is_login: true },
    Variant { name: TOWER_SESSIONS, entry: "/login/1", is_login: false },
];

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|it| it != "--bench").collect();
    match &*arguments {
        [] => print(&measure().await),
        [_provider] => serve(async |address| provider::app(address)).await,
        [name, issuer, ..] => serve(async |address| app(name, address, issuer).await).await,
    }
}

async fn app(name: &str, base_url: &str, issuer: &str) -> Router {
    match name {
        BARE => bare(),
        OURS => ours(base_url, issuer, UserInfo::Discovered),
        OURS_ID_TOKEN => ours(base_url, issuer, UserInfo::IdToken),
        BY_HAND => by_hand::app(base_url, issuer).await,
        AXUM_LOGIN => with_axum_login::app(base_url, issuer),
        AXUM_OIDC => with_axum_oidc::app(base_url, issuer).await,
        TOWER_SESSIONS => sessions::tower_sessions_app(),
        _ => panic!("no variant {name}"),
    }
}

/// `userinfo`: as for a provider without a preset, or as in the presets of Google, Microsoft and Apple.
fn ours(base_url: &str, issuer: &str, userinfo: UserInfo) -> Router {
    let (id, secret) = (FakeProvider::CLIENT_ID, FakeProvider::CLIENT_SECRET);
    let provider = providers::oidc(issuer, id, secret).quirks(|it| it.userinfo = userinfo);
    me(Auth::builder(base_url).provider(provider))
}

async fn measure() -> [Measured; 7] {
    let provider = Server::start(&["provider"]);
    let mut all = VARIANTS.map(|variant| Measured::start(variant, &provider.address));
    let network: Arc<dyn HttpClient> = Arc::new(ReqwestClient::new(&[]).unwrap());
    for it in &mut all {
        it.sign_in(&network, WARM_UP).await;
    }
    for _ in 0..ROUNDS {
        for it in &mut all {
            it.measure_logins(&network, LOGINS).await;
        }
    }
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..ROUNDS {
        for it in &mut all {
            it.measure_requests(directory.path());
        }
    }
    all
}

fn print(all: &[Measured; 7]) {
    let [bare, ours, ours_id_token, by_hand, axum_login, axum_oidc, _] = all;
    println!("| | login, µs of CPU | requests/s | to bare | µs of CPU per request |");
    println!("|---|---|---|---|---|");
    for it in all {
        let is_login = it.variant.is_login;
        let login = if is_login { format!("{:.0}", micros(&it.logins)) } else { "·".into() };
        let per_second = 1e6 / micros(&it.requests);
        let to_bare = ratio(&bare.requests, &it.requests);
        let (name, cpu) = (it.variant.name, micros(&it.cpu));
        println!("| {name} | {login} | {per_second:.0} | {to_bare:.2} | {cpu:.1} |");
    }
    let verification = verification::time().as_secs_f64() * 1e6;
    println!(
        "| of a login: one verification of an ID token's signature | {verification:.0} | | | |"
    );
    let mut targets = Targets::default();
    let to_bare = ratio(&bare.requests, &ours.requests);
    targets.at_least("signed-in request over loopback, to bare", to_bare, 0.85);
    let to_bound = ratio(&ours_id_token.logins, &by_hand.logins);
    targets.at_most("login, to the lower bound by hand", to_bound, 1.3);
    let to_ours = |it: &Measured| ratio(&it.logins, &ours.logins);
    targets.at_least("axum-oidc's login, to ours", to_ours(axum_oidc), 3.5);
    targets.at_least("axum-login's example, to our login", to_ours(axum_login), 1.0);
}
