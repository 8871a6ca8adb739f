//! [`RedisOptions`]: what can be chosen.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::ClientTlsConfig;
use tower_oauth::{Clock, SystemClock};

/// The options of a [`RedisStore`](crate::RedisStore).
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
    pub(crate) prefix: String,
    pub(crate) deadline: Duration,
    pub(crate) roots: Option<Vec<u8>>,
    pub(crate) client: Option<ClientTlsConfig>,
    pub(crate) clock: Arc<dyn Clock>,
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
