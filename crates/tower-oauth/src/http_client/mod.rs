//! The default [`HttpClient`]: reqwest and rustls, under the rules that the core asks for.

mod public;

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use reqwest::redirect;
use tower_oauth_core::{ConfigError, HttpClient, HttpError, HttpErrorKind, Limits};
use url::{Host, Url};

use self::public::{PublicResolver, is_public};

/// Calls providers over the network: no redirects, no cookies, no proxies from the environment, no
/// decompression, and certificates checked by the platform's rules.
#[derive(Clone, Debug)]
pub struct ReqwestClient {
    client: reqwest::Client,
    public_only: bool,
}

impl ReqwestClient {
    /// A client that also trusts the root certificates in `extra_roots`, each a PEM file's content.
    ///
    /// # Errors
    ///
    /// When a certificate cannot be read, or TLS cannot be set up.
    pub fn new(extra_roots: &[Vec<u8>]) -> Result<Self, ConfigError> {
        Self::build(extra_roots, false)
    }

    /// As [`new`](Self::new), and connects to addresses of the public internet only, whatever a name or a URL leads to:
    /// for issuers that the application did not write itself, whose metadata may point at its own network
    /// (server-side request forgery).
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn public_only(extra_roots: &[Vec<u8>]) -> Result<Self, ConfigError> {
        Self::build(extra_roots, true)
    }

    fn build(extra_roots: &[Vec<u8>], public_only: bool) -> Result<Self, ConfigError> {
        let refuse = |error: reqwest::Error| {
            ConfigError::new("extra root certificates", format!("cannot be used: {error}"))
        };
        let mut builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            // Should another crate of the build switch these on: what is read is what was sent.
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .user_agent(concat!("tower-oauth/", env!("CARGO_PKG_VERSION")));
        for pem in extra_roots {
            let certificates = reqwest::Certificate::from_pem_bundle(pem).map_err(refuse)?;
            if certificates.is_empty() {
                return Err(ConfigError::new(
                    "extra root certificates",
                    "hold no certificate; a PEM file with BEGIN CERTIFICATE is expected",
                ));
            }
            builder = builder.tls_certs_merge(certificates);
        }
        if public_only {
            builder = builder.dns_resolver(Arc::new(PublicResolver));
        }
        let client = builder.build().map_err(refuse)?;
        Ok(Self { client, public_only })
    }
}

#[async_trait]
impl HttpClient for ReqwestClient {
    fn keeps_to_public_addresses(&self) -> bool {
        self.public_only
    }

    async fn send(
        &self,
        request: http::Request<Bytes>,
        limits: Limits,
    ) -> Result<http::Response<Bytes>, HttpError> {
        let mut request = reqwest::Request::try_from(request).map_err(failed)?;
        // An address needs no resolver, so it is looked at here.
        if self.public_only && literal_address(request.url()).is_some_and(|ip| !is_public(ip)) {
            let error = HttpError::new(HttpErrorKind::Connect);
            return Err(error.with_source("the URL names an address that is not public"));
        }
        *request.timeout_mut() = Some(limits.deadline);
        let mut response = self.client.execute(request).await.map_err(failed)?;
        let too_large = || HttpError::new(HttpErrorKind::TooLarge);
        if response.content_length().is_some_and(|len| len > limits.max_body as u64) {
            return Err(too_large());
        }
        let mut body = Bytes::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > limits.max_body {
                return Err(too_large());
            }
            // Most answers come whole, and are kept as they come.
            body = if body.is_empty() { chunk } else { joined(body, &chunk) };
        }
        let mut answer = http::Response::new(body);
        *answer.status_mut() = response.status();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        Ok(answer)
    }
}

/// Both in one piece: without a copy of the first, if that was joined before.
fn joined(first: Bytes, second: &[u8]) -> Bytes {
    let mut both = BytesMut::from(first);
    both.extend_from_slice(second);
    both.freeze()
}

fn literal_address(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

/// The URL is taken off: it can hold a secret.
fn failed(error: reqwest::Error) -> HttpError {
    let kind = if error.is_timeout() {
        HttpErrorKind::Timeout
    } else if error.is_connect() {
        HttpErrorKind::Connect
    } else {
        HttpErrorKind::Other
    };
    HttpError::new(kind).with_source(error.without_url())
}
