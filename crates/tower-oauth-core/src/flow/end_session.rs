//! Where the browser is sent to sign out at the provider (OpenID Connect RP-Initiated Logout section 2), and the
//! [`Logout`] that waits for its return.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::constant_time;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::client::Client;
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind};
use crate::key_ring::{KeyRing, Purpose};
use crate::random::{self, Random, RandomUnavailable};
use crate::return_to::ReturnTo;
use crate::secret::{RawIdToken, State, sha256};
use crate::session::Connection;

/// How long somebody may take at the provider, which may ask whether they mean it.
const LIFETIME: Duration = Duration::from_secs(10 * 60);

/// Longest URL that is taken for one that every server reads; beyond it the request is a form.
const MAX_URL_LEN: usize = 4096;

/// A logout request to a provider.
pub struct EndSession {
    endpoint: Url,
    parameters: Vec<(&'static str, String)>,
}

impl Client {
    /// The logout request for the session that `connection` began, unless the provider has no endpoint for it. The
    /// browser comes back to `post_logout_redirect_uri` with the `state` of `logout`.
    ///
    /// The ID token goes along as a hint however old it is: section 2 has providers accept one that has expired.
    ///
    /// # Errors
    ///
    /// When the provider's metadata is needed and cannot be had.
    pub async fn end_session(
        &self,
        connection: &Connection,
        post_logout_redirect_uri: &str,
        state: &State,
    ) -> Result<Option<EndSession>, Error> {
        let quirks = &self.provider.quirks;
        let endpoint = match &quirks.end_session_endpoint {
            Some(endpoint) => endpoint.clone(),
            None => match &self.metadata_as_known().await?.end_session_endpoint {
                Some(endpoint) => endpoint.clone(),
                None => return Ok(None),
            },
        };
        let endpoint = Url::parse(&endpoint)
            .map_err(|_| Error::new(ErrorKind::Discovery, "the end_session_endpoint is no URL"))?;
        let claims = connection.identity.claims();
        let logout_hint = quirks.logout_hint.and_then(|claim| claims.get(claim)?.as_str());
        let hint = connection.tokens.id_token.as_ref().map(RawIdToken::secret);
        let parameters = [
            ("id_token_hint", hint),
            ("client_id", Some(&*self.provider.client_id)),
            ("logout_hint", logout_hint),
            ("post_logout_redirect_uri", Some(post_logout_redirect_uri)),
            ("state", Some(state.secret())),
        ];
        let named = |name: &'static str| {
            let own = quirks.parameter_names.iter().find(|(standard, _)| *standard == name);
            own.map_or(name, |(_, own)| *own)
        };
        let present = parameters.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let parameters = present.map(|(name, value)| (named(name), value.to_owned()));
        Ok(Some(EndSession { endpoint, parameters: parameters.collect() }))
    }

    /// Where the provider's pages are that may frame this client's.
    #[must_use]
    pub fn provider_origins(&self) -> Vec<String> {
        let known = self.known_metadata();
        let known = known.iter().flat_map(|metadata| {
            let end_session = metadata.end_session_endpoint.as_deref();
            end_session.into_iter().chain([metadata.authorization_endpoint.as_str()])
        });
        let mut origins: Vec<_> = [self.provider.issuer()]
            .into_iter()
            .chain(known)
            .filter_map(|url| Some(Url::parse(url).ok()?.origin().ascii_serialization()))
            .collect();
        origins.sort();
        origins.dedup();
        origins
    }
}

impl EndSession {
    /// The request as a URL, unless it is longer than 4096 bytes, which not every server reads.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        let url = self.with(self.parameters.iter());
        (url.len() <= MAX_URL_LEN).then_some(url)
    }

    /// The request as a URL that every server reads: without the ID token if need be, so that the provider may have
    /// to ask who signs out.
    #[must_use]
    pub fn short_url(&self) -> String {
        let without_hint = || self.parameters.iter().filter(|(name, _)| *name != "id_token_hint");
        self.url().unwrap_or_else(|| self.with(without_hint()))
    }

    /// Where the request goes as a form, by POST.
    #[must_use]
    pub fn action(&self) -> &str {
        self.endpoint.as_str()
    }

    /// The fields of the form.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|(name, value)| (*name, value.as_str()))
    }

    fn with<'a>(&self, parameters: impl Iterator<Item = &'a (&'static str, String)>) -> String {
        let mut url = self.endpoint.clone();
        url.query_pairs_mut().extend_pairs(parameters);
        url.into()
    }
}

/// Without the parameters, which hold the ID token.
impl fmt::Debug for EndSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndSession")
            .field("endpoint", &self.endpoint.as_str())
            .finish_non_exhaustive()
    }
}

/// A sign-out that is under way at the provider. It waits in a cookie, so that only the browser that began it is
/// taken on to where it was to end.
#[derive(Debug)]
pub struct Logout {
    state_hash: [u8; 32],
    return_to: ReturnTo,
    expires: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    h: String,
    r: String,
    e: Timestamp,
}

impl Logout {
    /// One that is to end at `return_to`, and the `state` that goes to the provider and back.
    ///
    /// # Errors
    ///
    /// When there is no randomness.
    pub fn begin(
        return_to: ReturnTo,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<(Self, State), RandomUnavailable> {
        let state = State::new(random::token(random)?);
        let state_hash = sha256(state.secret().as_bytes());
        Ok((Self { state_hash, return_to, expires: now + LIFETIME }, state))
    }

    /// How long it is waited for.
    #[must_use]
    pub const fn lifetime() -> Duration {
        LIFETIME
    }

    /// Seals it for its cookie. `context` ties it to one application, as in its base URL.
    ///
    /// # Errors
    ///
    /// When there is no randomness.
    pub fn seal(
        &self,
        keys: &KeyRing,
        context: &str,
        random: &dyn Random,
    ) -> Result<String, RandomUnavailable> {
        let sealed = Sealed {
            h: URL_SAFE_NO_PAD.encode(self.state_hash),
            r: self.return_to.as_str().to_owned(),
            e: self.expires,
        };
        let plaintext = serde_json::to_vec(&sealed).map_err(|_| RandomUnavailable)?;
        let sealed = keys.seal(Purpose::Logout, context.as_bytes(), &plaintext, random)?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Where the browser goes that comes back with this `state`, if `sealed` is what [`seal`](Self::seal) made of the
    /// same sign-out no longer than ten minutes ago.
    #[must_use]
    pub fn returned(
        keys: &KeyRing,
        context: &str,
        sealed: &str,
        state: &str,
        now: Timestamp,
    ) -> Option<ReturnTo> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let plaintext = keys.open(Purpose::Logout, context.as_bytes(), sealed)?;
        let sealed: Sealed = serde_json::from_slice(&plaintext).ok()?;
        let expected = URL_SAFE_NO_PAD.decode(&sealed.h).ok()?;
        let is_same = constant_time::verify_slices_are_equal(&sha256(state.as_bytes()), &expected);
        (is_same.is_ok() && now < sealed.e).then(|| ReturnTo::from_sealed(sealed.r))
    }
}
