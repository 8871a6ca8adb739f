//! What a session costs in each store: `cargo bench -p benches --bench stores`.
//!
//! Three tables: the time of a request, the bytes of a session, the work of the cleaner. Arguments after `--`:
//!
//! - `requests`, `sizes`, `cleaning`: these tables only;
//! - `--sessions N`: so many live ones for the sizes and beside the expired ones (100,000);
//! - `--expired N`: so many for the cleaner (1,000,000).

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that measures and prints, and stops where something is wrong"
)]

mod cleaning;
mod databases;
mod requests;
mod sizes;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str, default: u32| {
        let mut values = arguments.iter().skip_while(|argument| *argument != name).skip(1);
        values.next().map_or(default, |value| value.parse().unwrap())
    };
    let (sessions, expired) = (number("--sessions", 100_000), number("--expired", 1_000_000));
    let tables = ["requests", "sizes", "cleaning"];
    let is_named = |table: &str| arguments.iter().any(|argument| argument == table);
    let wanted = |table: &str| is_named(table) || !tables.into_iter().any(is_named);
    if wanted("requests") {
        requests::table().await;
    }
    if wanted("sizes") {
        sizes::table(sessions).await;
    }
    if wanted("cleaning") {
        cleaning::table(sessions, expired).await;
    }
}
