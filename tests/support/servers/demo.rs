//! The demo, as a process that a test can kill.

use std::process::Command;

use super::{Server, free_port, new_directory};

/// A demo with settings of its own and nothing of the environment.
#[derive(Debug)]
pub struct DemoServer(Server);

impl DemoServer {
    /// Starts `program` with these variables, on a port of its own.
    ///
    /// # Panics
    ///
    /// If it does not start, with what it wrote.
    #[must_use]
    pub fn start(program: &str, settings: &[(&str, &str)]) -> Self {
        let port = free_port();
        let mut command = Command::new("env");
        command.arg("-i").args(settings.iter().map(|(name, value)| format!("{name}={value}")));
        command.arg(format!("DEMO_LISTEN=127.0.0.1:{port}")).arg(program);
        Self(Server::start(&command, "KILL", port, new_directory("demo")))
    }

    /// Where it is, whatever its public address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.0.port())
    }

    /// Kills it: nothing of it runs any further.
    pub fn kill(&self) {
        self.0.stop();
    }

    /// Starts it again, at the same address with the same settings.
    pub fn start_again(&self) {
        self.0.start_again();
    }
}
