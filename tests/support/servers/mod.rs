//! Real servers that tests start themselves, and that end when the tests do.

mod demo;
mod mariadb;
mod postgres;
mod redis;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::Duration;

pub use demo::DemoServer;
pub use mariadb::MariaDbServer;
pub use postgres::PostgresServer;
pub use redis::{Certificates, RedisCluster, RedisServer, text};

/// A server process on a port of its own, with its data in a temporary directory.
///
/// It ends with the process of the tests, however that ends: between the two is a shell that stops the server and
/// removes the directory once its standard input is closed. A `Drop` would not run for a `static`.
#[derive(Debug)]
pub(crate) struct Server {
    port: u16,
    directory: PathBuf,
    watchdog: Mutex<Watchdog>,
}

#[derive(Debug)]
struct Watchdog {
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    _shell: Child,
}

const WATCHDOG: &str = r#"
signal=$1 directory=$2
shift 2
start() { "$@" </dev/null >>"$directory/log" 2>&1 & server=$!; }
stop() { kill "-$signal" "$server"; wait "$server"; }
start "$@"
while read -r order; do
    case $order in
    stop) stop ;;
    start) start "$@" ;;
    esac
    echo "$order"
done
stop
rm -rf "$directory"
"#;

impl Server {
    /// Runs `command`, which listens on `port`, keeps everything in `directory`, and ends at `signal`.
    pub(crate) fn start(command: &Command, signal: &str, port: u16, directory: PathBuf) -> Self {
        let mut shell = Command::new("sh")
            .args(["-c", WATCHDOG, "watchdog", signal])
            .arg(&directory)
            .arg(command.get_program())
            .args(command.get_args())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0) // Ctrl-C is for the tests; the shell has still to clean up
            .spawn()
            .expect("a shell");
        let orders = shell.stdin.take().expect("it is piped");
        let answers = BufReader::new(shell.stdout.take().expect("it is piped"));
        let watchdog = Mutex::new(Watchdog { orders, answers, _shell: shell });
        let server = Self { port, directory, watchdog };
        server.wait_until_it_listens();
        server
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Stops the server; its data stays.
    pub(crate) fn stop(&self) {
        self.order("stop");
    }

    /// Starts the server that was stopped, on the same port and data.
    pub(crate) fn start_again(&self) {
        self.order("start");
        self.wait_until_it_listens();
    }

    fn order(&self, order: &str) {
        let mut watchdog = self.watchdog.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(watchdog.orders, "{order}").expect("the watchdog lives");
        let mut answer = String::new();
        watchdog.answers.read_line(&mut answer).expect("the watchdog answers");
        assert_eq!(answer.trim_end(), order);
    }

    fn wait_until_it_listens(&self) {
        for _ in 0..1_500 {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return;
            }
            sleep(Duration::from_millis(20));
        }
        let log = fs::read_to_string(self.directory.join("log")).unwrap_or_default();
        panic!("no server on port {} after half a minute:\n{log}", self.port);
    }
}

/// A new directory below the temporary one.
///
/// # Panics
///
/// If it cannot be made.
#[must_use]
pub fn new_directory(name: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("tower-oauth-{name}-{}-{number}", std::process::id());
    let directory = std::env::temp_dir().join(name);
    fs::create_dir_all(&directory).expect("the temporary directory can be written");
    directory
}

/// A port that was free a moment ago.
///
/// # Panics
///
/// If there is none.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("it is bound").port()
}

/// The path of `program`, which the Debian package `package` brings into one of `directories`.
///
/// # Panics
///
/// If it is not there: a test that needs it must not pass without.
pub(crate) fn find(program: &str, directories: &[PathBuf], package: &str) -> PathBuf {
    let found = directories.iter().map(|directory| directory.join(program)).find(|it| it.exists());
    found.unwrap_or_else(|| panic!("{program} is missing: apt-get install {package}"))
}

/// The directories where programs of the system are.
pub(crate) fn system_directories() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let sbin = ["/usr/local/sbin", "/usr/sbin"].map(PathBuf::from); // not on everybody's PATH
    std::env::split_paths(&path).chain(sbin).collect()
}

/// Whether the tests run as root, which some servers refuse to do.
pub(crate) fn is_root() -> bool {
    fs::metadata(Path::new("/proc/self")).is_ok_and(|own| own.uid() == 0)
}

/// Runs `command` to its end.
///
/// # Panics
///
/// If it fails, with what it wrote.
pub(crate) fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{errors}", output.status);
}
