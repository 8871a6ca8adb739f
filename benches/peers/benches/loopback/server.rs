//! Processes of this program that serve one application each, on one thread.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;

/// Serves what `app` makes for its own address, which is printed once it is ready.
pub(crate) async fn serve(app: impl AsyncFnOnce(&str) -> Router) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let app = app(&address).await;
    println!("{address}");
    axum::serve(listener, app).await.unwrap();
}

/// A process that serves, until this is dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: String,
}

impl Server {
    /// This program again, with `arguments` that make it serve.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        let mut process = command.args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { process, address: address.trim_end().to_owned() }
    }

    /// The time that its threads have had a processor (Linux).
    pub(crate) fn cpu(&self) -> Duration {
        let threads = fs::read_dir(format!("/proc/{}/task", self.process.id())).unwrap();
        let nanos = threads.map(|thread| {
            let statistics = fs::read_to_string(thread.unwrap().path().join("schedstat")).unwrap();
            statistics.split(' ').next().unwrap().parse::<u64>().unwrap()
        });
        Duration::from_nanos(nanos.sum())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}
