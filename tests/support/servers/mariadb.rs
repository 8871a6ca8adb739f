//! MariaDB, from Debian's package `mariadb-server`.

use std::process::Command;

use super::{Server, find, free_port, is_root, new_directory, run, system_directories};

/// A MariaDB server with the user `root`, who needs no password, and a database `test`.
#[derive(Debug)]
pub struct MariaDbServer(Server);

impl MariaDbServer {
    /// Makes a data directory and starts the server.
    ///
    /// # Panics
    ///
    /// If MariaDB is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        let programs = system_directories();
        let directory = new_directory("mariadb");
        let data = format!("--datadir={}", directory.join("data").display());
        run(Command::new(find("mariadb-install-db", &programs, "mariadb-server"))
            .args(["--no-defaults", "--auth-root-authentication-method=normal"])
            .args(as_root())
            .arg(&data));
        let port = free_port();
        let mut server = Command::new(find("mariadbd", &programs, "mariadb-server"));
        server
            .args(["--no-defaults", "--bind-address=127.0.0.1", "--skip-log-bin"])
            .args(["--innodb-flush-log-at-trx-commit=2", "--innodb-doublewrite=OFF"])
            .arg("--max-connections=500")
            .args(as_root())
            .arg(&data)
            .arg(format!("--port={port}"))
            .arg(format!("--socket={}", directory.join("socket").display()))
            .arg(format!("--pid-file={}", directory.join("pid").display()));
        Self(Server::start(&server, "KILL", port, directory))
    }

    /// The URL of the database `test`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("mysql://root@127.0.0.1:{}/test", self.0.port())
    }

    /// Stops it as a crash would; what was written stays.
    pub fn stop(&self) {
        self.0.stop();
    }

    /// Starts it again, at the same URL.
    pub fn start_again(&self) {
        self.0.start_again();
    }
}

/// MariaDB runs as root only if told to.
fn as_root() -> &'static [&'static str] {
    if is_root() { &["--user=root"] } else { &[] }
}
