//! PostgreSQL, from Debian's package `postgresql`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Server, find, free_port, is_root, new_directory, run};

/// A PostgreSQL server with the superuser `postgres`, who needs no password.
#[derive(Debug)]
pub struct PostgresServer(Server);

impl PostgresServer {
    /// Makes a cluster and starts it.
    ///
    /// # Panics
    ///
    /// If PostgreSQL is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        let programs = programs();
        let directory = new_directory("postgres");
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(&directory));
        }
        let data = directory.join("data");
        run(command(&find("initdb", &programs, "postgresql"))
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"])
            .args(["--no-sync", "--no-instructions", "-D"])
            .arg(&data));
        let port = free_port();
        let mut server = command(&find("postgres", &programs, "postgresql"));
        server.arg("-D").arg(&data).args(["-p", &port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=200",
            "fsync=off",
            "full_page_writes=off",
        ] {
            server.args(["-c", setting]);
        }
        Self(Server::start(&server, "INT", port, directory))
    }

    /// The URL of the database `postgres`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.0.port())
    }

    /// Stops it as an administrator would; the data stays.
    pub fn stop(&self) {
        self.0.stop();
    }

    /// Starts it again, at the same URL.
    pub fn start_again(&self) {
        self.0.start_again();
    }
}

/// PostgreSQL refuses to run as root.
fn command(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command
}

/// Where the programs of the installed versions are, the newest first.
fn programs() -> Vec<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut programs: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    programs.sort();
    programs.reverse();
    programs
}
