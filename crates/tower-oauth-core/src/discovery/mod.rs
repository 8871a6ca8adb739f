//! What a provider publishes about itself, fetched when it is first needed and kept.
//!
//! An application starts while its provider is down, and goes on while it is down for a while: the last
//! good copy is used for up to a day, and nothing is asked more often than the back-off allows.

mod cached;
mod metadata;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;

use self::cached::{Cached, Policy};
pub(crate) use self::metadata::Metadata;
use crate::client::{Client, has_media_type, unavailable};
use crate::error::{Error, ErrorKind};
use crate::http_client::Limits;
use crate::jose::KeySet;
use crate::provider::Endpoints;

const METADATA_LIMITS: Limits = Limits::new(Duration::from_secs(5), 1024 * 1024);
const KEYS_LIMITS: Limits = Limits::new(Duration::from_secs(5), 512 * 1024);

/// OpenID Connect Discovery section 4.2, [RFC 7517 section 8.5](https://www.rfc-editor.org/rfc/rfc7517#section-8.5).
const METADATA_TYPES: &[&str] = &["application/json"];
const KEYS_TYPES: &[&str] = &["application/json", "application/jwk-set+json"];

/// The metadata and keys of one provider.
#[derive(Debug)]
pub(crate) struct Discovered {
    /// Of a provider that publishes nothing: what its preset knows.
    fixed: OnceLock<Arc<Metadata>>,
    metadata: Cached<Metadata>,
    keys: Cached<KeySet>,
}

impl Default for Discovered {
    fn default() -> Self {
        const MINUTE: Duration = Duration::from_secs(60);
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self {
            fixed: OnceLock::new(),
            metadata: Cached::new(Policy { what: "metadata", fresh: 60 * MINUTE, usable: DAY }),
            // A key that the provider withdrew is trusted no longer than this.
            keys: Cached::new(Policy { what: "keys", fresh: 10 * MINUTE, usable: DAY }),
        }
    }
}

impl Client {
    /// The provider's metadata.
    pub(crate) async fn metadata(&self) -> Result<Arc<Metadata>, Error> {
        if let Endpoints::Fixed { authorization, token } = &self.provider.endpoints {
            if let Some(fixed) = self.discovered.fixed.get() {
                return Ok(Arc::clone(fixed));
            }
            let fixed = Metadata::fixed(authorization, token, self.provider.issuer());
            let fixed = Arc::new(fixed.map_err(|_| invalid("an endpoint is not a URL"))?);
            return Ok(Arc::clone(self.discovered.fixed.get_or_init(|| fixed)));
        }
        let clock = &*self.environment.clock;
        self.discovered.metadata.get(clock, || self.fetch_metadata()).await
    }

    /// The provider's metadata as it is known, however old within a day: for whoever must not wait for a provider that
    /// is down. Fetched where nothing is known.
    pub(crate) async fn metadata_as_known(&self) -> Result<Arc<Metadata>, Error> {
        match self.known_metadata() {
            Some(metadata) => Ok(metadata),
            None => self.metadata().await,
        }
    }

    /// The same without asking.
    pub(crate) fn known_metadata(&self) -> Option<Arc<Metadata>> {
        self.discovered.metadata.last_good(&*self.environment.clock)
    }

    /// The provider's keys.
    pub(crate) async fn keys(&self) -> Result<Arc<KeySet>, Error> {
        self.discovered.keys.get(&*self.environment.clock, || self.fetch_keys()).await
    }

    /// Newer keys than `seen`, which lack one that a token names; `None` if there are none, or if the
    /// provider was asked a moment ago.
    pub(crate) async fn newer_keys(&self, seen: &Arc<KeySet>) -> Option<Arc<KeySet>> {
        self.discovered.keys.newer(&*self.environment.clock, seen, || self.fetch_keys()).await
    }

    /// Fetches metadata and keys now, whatever is known of them: for a key that the provider withdrew because it
    /// leaked, which would be trusted for up to ten minutes otherwise. Nothing to do where a preset knows all.
    ///
    /// # Errors
    ///
    /// When either cannot be had. The copy there was then goes on serving.
    pub async fn reload(&self) -> Result<(), Error> {
        if self.provider.endpoints == Endpoints::Discovered {
            let clock = &*self.environment.clock;
            self.discovered.metadata.reload(clock, || self.fetch_metadata()).await?;
            self.discovered.keys.reload(clock, || self.fetch_keys()).await?;
        }
        Ok(())
    }

    async fn fetch_metadata(&self) -> Result<Metadata, Error> {
        let issuer = self.provider.issuer();
        // OpenID Connect Discovery section 4: a slash at the end of the issuer is not doubled.
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let document =
            self.fetch("the provider's metadata", &url, METADATA_LIMITS, METADATA_TYPES).await?;
        Metadata::parse(&document, &self.provider)
            .map_err(|problem| invalid(format!("the metadata of {issuer} {problem}")))
    }

    async fn fetch_keys(&self) -> Result<KeySet, Error> {
        let metadata = self.metadata().await?;
        let url = metadata.jwks_uri.as_deref().ok_or_else(|| invalid("there is no jwks_uri"))?;
        let document = self.fetch("the provider's key set", url, KEYS_LIMITS, KEYS_TYPES).await?;
        KeySet::parse(&document)
            .map_err(|problem| invalid(format!("the key set of {} {problem}", metadata.issuer)))
    }

    async fn fetch(
        &self,
        what: &str,
        url: &str,
        limits: Limits,
        media_types: &[&str],
    ) -> Result<Bytes, Error> {
        let request = http::Request::get(url)
            .body(Bytes::new())
            .map_err(|_| invalid(format!("{what} has an address that cannot be called")))?;
        let response = self.send(request, limits, ErrorKind::Discovery).await?;
        if let Some(error) = unavailable(what, &response) {
            return Err(error);
        }
        if response.status() != http::StatusCode::OK {
            let status = response.status().as_u16();
            return Err(invalid(format!("{what} was answered with status {status}")));
        }
        if !media_types.iter().any(|media_type| has_media_type(&response, media_type)) {
            return Err(invalid(format!("{what} is not {}", media_types.join(" or "))));
        }
        Ok(response.into_body())
    }
}

fn invalid(reason: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Discovery, reason)
}
