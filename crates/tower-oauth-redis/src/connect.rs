//! How a store connects: what the URL asks for, certificates, and whether what is there will do.

use std::time::Duration;

use redis::cluster::ClusterClient;
use redis::io::tcp::{TcpSettings, socket2};
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _,
    TlsCertificates,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tower_oauth::ConfigError;

use crate::connection::Connection;
use crate::failure::Failure;
use crate::options::RedisOptions;
use crate::store::RedisStore;

const URL: &str = "Redis URL";
const EXPECTED: &str =
    "it looks like rediss://user:password@host:6379/0, with special characters percent-encoded";

impl RedisOptions {
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
            let problem = Failure::from(error);
            ConfigError::new(URL, format!("{problem}; {EXPECTED}"))
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
        if let Some(pem) = &self.roots
            && CertificateDer::from_pem_slice(pem).is_err()
        {
            return Err(ConfigError::new(
                "root certificates",
                "hold no certificate; the content of a PEM file with BEGIN CERTIFICATE is expected",
            ));
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
