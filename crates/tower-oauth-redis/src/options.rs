//! [`RedisOptions`]: how to connect, and to what.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::cluster::ClusterClient;
use redis::io::tcp::{TcpSettings, socket2};
use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo,
    IntoConnectionInfo as _, TlsCertificates,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tower_oauth::{Clock, ConfigError, SystemClock};

use crate::connection::Connection;
use crate::failure::Failure;
use crate::store::RedisStore;

const URL: &str = "Redis URL";
const ROOTS: &str = "root certificates";

/// The options of a [`RedisStore`].
///
/// | option | default |
/// |---|---|
/// | [`prefix`](Self::prefix) | `tower-oauth:` |
/// | [`deadline`](Self::deadline) | 2 seconds |
/// | [`root_certificates`](Self::root_certificates) | those that the system trusts |
/// | [`client_certificate`](Self::client_certificate) | none |
/// | [`clock`](Self::clock) | [`SystemClock`] |
///
/// ```no_run
/// # async fn connect(roots: &[u8]) -> Result<(), tower_oauth::ConfigError> {
/// use std::time::Duration;
/// use tower_oauth_redis::RedisStore;
///
/// let store = RedisStore::options()
///     .prefix("shop:")
///     .deadline(Duration::from_millis(500))
///     .root_certificates(roots)
///     .connect("rediss://shop:secret@redis.internal:6379/0")
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "options do nothing until they connect"]
pub struct RedisOptions {
    prefix: String,
    deadline: Duration,
    roots: Option<Vec<u8>>,
    client: Option<ClientTlsConfig>,
    clock: Arc<dyn Clock>,
}

impl RedisOptions {
    pub(crate) fn new() -> Self {
        Self {
            prefix: "tower-oauth:".into(),
            deadline: Duration::from_secs(2),
            roots: None,
            client: None,
            clock: Arc::new(SystemClock::default()),
        }
    }

    /// What every key begins with. Applications that share a server each have their own: a sign-out by the
    /// provider ends the user's sessions under this prefix alone.
    ///
    /// In a cluster, a prefix with a hash tag (`{shop}:`) would put everything on one node.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long one operation may take, connecting anew included. What takes longer is an error, which the
    /// login answers with 503. Removing the sessions of a user has this long for every 64 of them.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The root certificates to trust **instead of** the system's, as the content of a PEM file: for a server with a
    /// certificate of one's own. Needs a `rediss://` URL.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots = Some(pem.into());
        self
    }

    /// The certificate to show to the server, with its key, each as the content of a PEM file. A server asks for one
    /// unless it has `tls-auth-clients no`. Needs a `rediss://` URL.
    pub fn client_certificate(
        mut self,
        certificate_pem: impl Into<Vec<u8>>,
        key_pem: impl Into<Vec<u8>>,
    ) -> Self {
        let (client_cert, client_key) = (certificate_pem.into(), key_pem.into());
        self.client = Some(ClientTlsConfig { client_cert, client_key });
        self
    }

    /// What decides whether a session has ended; a test gives the clock that it moves.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Connects to the server at `url`: `redis://`, `rediss://` for TLS, or `redis+unix:///path/to/socket`.
    ///
    /// Scheme, user, password, host, port and database are as in
    /// `rediss://user:password@host:6379/0`; special characters in user and password are percent-encoded.
    ///
    /// # Errors
    ///
    /// When the URL or a certificate cannot be used, or nothing there answers as a session store needs it to. The
    /// error never holds a password.
    pub async fn connect(self, url: &str) -> Result<RedisStore, ConfigError> {
        let info = self.parse(url)?;
        let address = info.addr().to_string();
        let client = self.client(info)?;
        let connection = Connection::single(client, self.connecting());
        self.store(connection, address).await
    }

    /// Connects to the cluster that the servers at `urls` belong to: some of its nodes, of which one must answer.
    /// All have the same scheme, user and password.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn connect_cluster<U: AsRef<str>>(
        self,
        urls: impl IntoIterator<Item = U>,
    ) -> Result<RedisStore, ConfigError> {
        let nodes = urls.into_iter().map(|url| self.parse(url.as_ref()));
        let nodes = nodes.collect::<Result<Vec<_>, _>>()?;
        let addresses: Vec<_> = nodes.iter().map(|node| node.addr().to_string()).collect();
        let address = addresses.join(", ");
        let first = nodes.first().cloned().map(|node| self.client(node)).transpose()?;
        let mut builder = ClusterClient::builder(nodes)
            .tcp_settings(tcp_settings(self.deadline))
            .connection_timeout(self.connecting())
            .response_timeout(self.deadline)
            // For nodes that moved, and for a connection that broke: a store's commands may all run twice.
            .retries(3)
            .min_retry_wait(20)
            .max_retry_wait(200);
        if let Some(tls) = self.tls() {
            builder = builder.certs(tls);
        }
        let client = builder.build().map_err(|error| refuse(&address, error))?;
        let connecting = self.connecting();
        let store = self.store(Connection::cluster(client), address).await;
        // The client of a cluster keeps to itself why no node would do; one asked alone says it.
        if let (Err(_), Some(node)) = (&store, first) {
            let address = node.get_connection_info().addr().to_string();
            let config = AsyncConnectionConfig::new().set_connection_timeout(Some(connecting));
            let alone = node.get_multiplexed_async_connection_with_config(&config);
            alone.await.map_err(|error| refuse(&address, error))?;
        }
        store
    }

    /// The store, once it has shown that it can do its work.
    async fn store(
        self,
        connection: Connection,
        address: String,
    ) -> Result<RedisStore, ConfigError> {
        let Self { prefix, deadline, clock, .. } = self;
        let store = RedisStore { connection, address, prefix, deadline, clock };
        match store.check().await {
            Ok(()) => Ok(store),
            Err(failure) => Err(refuse(&store.address, failure)),
        }
    }

    fn parse(&self, url: &str) -> Result<ConnectionInfo, ConfigError> {
        let info = url.into_connection_info().map_err(|error| {
            ConfigError::new(URL, format!("{}; it looks like rediss://user:password@host:6379/0, with special characters percent-encoded", Failure::from(error)))
        })?;
        match info.addr() {
            ConnectionAddr::TcpTls { insecure: true, .. } => {
                return Err(ConfigError::new(
                    URL,
                    "#insecure would trust every certificate; trust the server's own with RedisOptions::root_certificates",
                ));
            }
            ConnectionAddr::TcpTls { .. } => self.prepare_tls()?,
            _ if self.tls().is_some() => {
                return Err(ConfigError::new(
                    URL,
                    "certificates are given, but the URL asks for no TLS; take rediss://",
                ));
            }
            _ => {}
        }
        Ok(info.set_tcp_settings(tcp_settings(self.deadline)))
    }

    fn client(&self, info: ConnectionInfo) -> Result<Client, ConfigError> {
        let address = info.addr().to_string();
        let client = match self.tls() {
            Some(tls) => Client::build_with_tls(info, tls),
            None => Client::open(info),
        };
        client.map_err(|error| refuse(&address, error))
    }

    fn prepare_tls(&self) -> Result<(), ConfigError> {
        let certificates = self.roots.as_deref().map(CertificateDer::pem_slice_iter);
        if let Some(mut certificates) = certificates {
            match certificates.next() {
                Some(Ok(_)) => {}
                _ => {
                    return Err(ConfigError::new(
                        ROOTS,
                        "hold no certificate; the content of a PEM file with BEGIN CERTIFICATE is expected",
                    ));
                }
            }
        }
        // The client takes the process's provider, and cannot choose where a build has several. One that the
        // application installed stays.
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        }
        Ok(())
    }

    fn tls(&self) -> Option<TlsCertificates> {
        let (client_tls, root_cert) = (self.client.clone(), self.roots.clone());
        (client_tls.is_some() || root_cert.is_some())
            .then_some(TlsCertificates { client_tls, root_cert })
    }

    /// Half of the deadline, so that an operation that has to connect first can still succeed.
    fn connecting(&self) -> Duration {
        self.deadline / 2
    }
}

fn refuse(address: &str, failure: impl Into<Failure>) -> ConfigError {
    ConfigError::new(URL, format!("cannot use {address}: {}", failure.into()))
}

/// No waiting for more to send, and an end for a connection whose other end vanished.
fn tcp_settings(deadline: Duration) -> TcpSettings {
    let keepalive = socket2::TcpKeepalive::new()
        .with_time(Duration::from_secs(30))
        .with_interval(Duration::from_secs(10));
    let settings = TcpSettings::default().set_nodelay(true).set_keepalive(keepalive);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(deadline.max(Duration::from_secs(1)));
    settings
}

/// Shows no key of a certificate.
impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions")
            .field("prefix", &self.prefix)
            .field("deadline", &self.deadline)
            .field("root_certificates", &self.roots.is_some())
            .field("client_certificate", &self.client.is_some())
            .finish_non_exhaustive()
    }
}
