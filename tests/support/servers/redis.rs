//! Redis servers: single, with TLS, and a cluster of three. `REDIS_SERVER` names another program than
//! `redis-server`, such as a `valkey-server`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use redis::{Client, ConnectionLike, Value};

use super::{Server, find, free_port, new_directory, run, system_directories};

/// A Redis or Valkey server that keeps nothing on disk unless told to.
#[derive(Debug)]
pub struct RedisServer {
    server: Server,
    /// How the server itself is asked.
    admin: String,
}

/// Certificates of a root that a test made up.
#[derive(Debug)]
pub struct Certificates {
    /// The root, as PEM.
    pub root: Vec<u8>,
    /// A certificate for a client, as PEM.
    pub client: Vec<u8>,
    /// Its key, as PEM.
    pub client_key: Vec<u8>,
    server: Vec<u8>,
    server_key: Vec<u8>,
}

impl RedisServer {
    /// A server with the default configuration.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// A server with further arguments, such as `--appendonly yes`.
    #[must_use]
    pub fn start_with(arguments: &[&str]) -> Self {
        let port = free_port();
        Self::spawn(new_directory("redis"), port, port, arguments)
    }

    /// A server that speaks TLS only, as 127.0.0.1, and asks clients for a certificate.
    #[must_use]
    pub fn start_with_tls(certificates: &Certificates) -> Self {
        Self::spawn_with_tls(certificates, &[])
    }

    fn spawn_with_tls(certificates: &Certificates, arguments: &[&str]) -> Self {
        let (directory, port) = (new_directory("redis-tls"), free_port());
        let file = |name: &str| directory.join(name).to_string_lossy().into_owned();
        for (name, pem) in [
            ("root.pem", &certificates.root),
            ("server.pem", &certificates.server),
            ("server.key", &certificates.server_key),
        ] {
            fs::write(file(name), pem).expect("a file in the directory");
        }
        let tls = [
            ["--tls-port", &port.to_string()],
            ["--unixsocket", &file("socket")],
            ["--tls-cert-file", &file("server.pem")],
            ["--tls-key-file", &file("server.key")],
            ["--tls-ca-cert-file", &file("root.pem")],
        ];
        let arguments: Vec<&str> = tls.iter().flatten().chain(arguments).copied().collect();
        let mut server = Self::spawn(directory.clone(), 0, port, &arguments);
        server.admin = format!("redis+unix://{}", file("socket"));
        server.wait_until_it_answers();
        server
    }

    fn spawn(directory: PathBuf, plain_port: u16, port: u16, arguments: &[&str]) -> Self {
        let mut command = Command::new(program());
        command
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"])
            .arg(&directory)
            .arg("--pidfile")
            .arg(directory.join("server.pid"))
            .args(["--port", &plain_port.to_string(), "--enable-debug-command", "yes"])
            .args(arguments);
        let server = Server::start(&command, "KILL", port, directory);
        Self { server, admin: format!("redis://127.0.0.1:{port}") }
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// Where it is, without TLS and password.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port())
    }

    /// Where it is, past TLS, for a server that was started with it.
    #[must_use]
    pub fn socket_url(&self) -> String {
        self.admin.clone()
    }

    /// Kills the server, as a power failure would.
    pub fn stop(&self) {
        self.server.stop();
    }

    /// Starts the server that was stopped, on the same port.
    pub fn start_again(&self) {
        self.server.start_again();
        self.wait_until_it_answers();
    }

    /// Waits until this node thinks that its cluster of three is whole.
    pub fn wait_for_the_cluster(&self) {
        self.wait_until("the cluster is whole", |node| {
            let info = text(&node.query(&["CLUSTER", "INFO"]));
            info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
        });
    }

    /// The server takes connections, and says nothing.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// Ends a [pause](Self::pause).
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    /// Asks the server itself, past the code under test.
    ///
    /// # Panics
    ///
    /// If it is stopped or paused.
    #[must_use]
    pub fn query(&self, command: &[&str]) -> Value {
        self.try_query(command).expect("the server answers")
    }

    /// The value of a field of `INFO`.
    #[must_use]
    pub fn info(&self, field: &str) -> String {
        let Value::BulkString(report) = self.query(&["INFO", "all"]) else { return String::new() };
        let report = String::from_utf8_lossy(&report).into_owned();
        let value = report.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        value.unwrap_or_default().to_owned()
    }

    fn try_query(&self, command: &[&str]) -> Option<Value> {
        let mut connection = Client::open(self.admin.as_str()).ok()?.get_connection().ok()?;
        let (name, arguments) = command.split_first()?;
        connection.req_command(redis::cmd(name).arg(arguments)).ok()
    }

    fn signal(&self, signal: &str) {
        // A paused server cannot tell its process id, so it is in a file.
        let id = fs::read_to_string(self.server.directory().join("server.pid")).expect("its id");
        run(Command::new("kill").args([signal, id.trim()]));
    }

    fn wait_until_it_answers(&self) {
        self.wait_until("it answers", |server| server.try_query(&["PING"]).is_some());
    }

    fn wait_until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let is_at_last = (0..1_500).any(|_| {
            is_so(self) || {
                sleep(Duration::from_millis(20));
                false
            }
        });
        assert!(is_at_last, "not after half a minute: {what}, on port {}", self.port());
    }
}

/// A cluster of three primaries.
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<RedisServer>,
}

impl RedisCluster {
    /// Three servers that share the slots.
    #[must_use]
    pub fn start() -> Self {
        Self::of(RedisServer::start_with)
    }

    /// The same, with TLS among them and for clients.
    #[must_use]
    pub fn start_with_tls(certificates: &Certificates) -> Self {
        Self::of(|arguments| {
            let arguments = [arguments, &["--tls-cluster", "yes"]].concat();
            RedisServer::spawn_with_tls(certificates, &arguments)
        })
    }

    fn of(start: impl Fn(&[&str]) -> RedisServer) -> Self {
        let node = || {
            let bus = free_port().to_string();
            start(&["--cluster-enabled", "yes", "--cluster-port", &bus])
        };
        let nodes = vec![node(), node(), node()];
        let ranges = [["0", "5460"], ["5461", "10922"], ["10923", "16383"]];
        let first = nodes.first().expect("there are three");
        for (epoch, (node, [from, to])) in nodes.iter().zip(ranges).enumerate() {
            let _ = node.query(&["CLUSTER", "SET-CONFIG-EPOCH", &(epoch + 1).to_string()]);
            let _ = node.query(&["CLUSTER", "ADDSLOTSRANGE", from, to]);
            let bus = first.config("cluster-port");
            let port = first.port().to_string();
            let _ = node.query(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]);
        }
        for node in &nodes {
            node.wait_for_the_cluster();
        }
        Self { nodes }
    }

    /// The nodes.
    #[must_use]
    pub fn nodes(&self) -> &[RedisServer] {
        &self.nodes
    }

    /// Where they are.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(RedisServer::url).collect()
    }
}

impl RedisServer {
    fn config(&self, name: &str) -> String {
        match self.query(&["CONFIG", "GET", name]) {
            Value::Array(pair) => pair.get(1).map(text).unwrap_or_default(),
            _ => String::new(),
        }
    }
}

/// The text of an answer that is one.
#[must_use]
pub fn text(answer: &Value) -> String {
    match answer {
        Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::SimpleString(text) => text.clone(),
        _ => String::new(),
    }
}

fn program() -> PathBuf {
    match std::env::var_os("REDIS_SERVER") {
        Some(program) => program.into(),
        None => find("redis-server", &system_directories(), "redis-server"),
    }
}

impl Certificates {
    /// A new root and what it issues.
    ///
    /// # Panics
    ///
    /// If there is no randomness.
    #[must_use]
    pub fn issue() -> Self {
        let key = || KeyPair::generate().expect("a key");
        // Distinct names: two of the default one would look self-signed.
        let named = |name: &str, hosts: &[String]| {
            let mut params = CertificateParams::new(hosts).expect("good names");
            params.distinguished_name.push(DnType::CommonName, name);
            params
        };
        let mut root = named("root", &[]);
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(root, key()).expect("a root");
        let issue = |name: &str| {
            let key = key();
            let certificate = named(name, &[name.to_owned()]).signed_by(&key, &root);
            let certificate = certificate.expect("a certificate");
            (certificate.pem().into(), key.serialize_pem().into())
        };
        let (server, server_key) = issue("127.0.0.1");
        let (client, client_key) = issue("client");
        Self { root: root.pem().into(), client, client_key, server, server_key }
    }
}
