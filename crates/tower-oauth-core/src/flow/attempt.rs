//! [`Attempt`]: what has to be remembered between sending a browser away and its return.

use std::borrow::Cow;
use std::fmt;

use aws_lc_rs::constant_time;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::login_request::{LoginRequest, SealedRequest};
use crate::clock::Timestamp;
use crate::key_ring::{KeyRing, Purpose};
use crate::plaintext::Plaintext;
use crate::random::{Random, RandomUnavailable};
use crate::return_to::ReturnTo;
use crate::secret::{CodeVerifier, Nonce, State, sha256};
use crate::session::Mark;

/// One login that has been started. It travels sealed in a cookie of its own, so that the browser that
/// started it is the only one that can finish it, and any replica can be the one to do so.
pub struct Attempt {
    pub(crate) state_hash: [u8; 32],
    pub(crate) provider: String,
    pub(crate) issuer: String,
    /// [`Provider::registration`](crate::Provider) of the client that started it.
    pub(crate) registration: String,
    pub(crate) nonce: Option<Nonce>,
    pub(crate) code_verifier: Option<CodeVerifier>,
    pub(crate) request: LoginRequest,
    pub(crate) started: Timestamp,
    pub(crate) expires: Timestamp,
}

/// The sealed form. Short names: up to eight of these share the cookie header.
#[derive(Serialize, Deserialize)]
struct Sealed<'a> {
    h: Cow<'a, str>,
    p: Cow<'a, str>,
    i: Cow<'a, str>,
    g: Cow<'a, str>,
    n: Option<Cow<'a, str>>,
    v: Option<Cow<'a, str>>,
    s: Timestamp,
    e: Timestamp,
    q: SealedRequest<'a>,
}

impl Attempt {
    /// Names the attempt that `state` belongs to, without telling the state: part of a cookie's name.
    #[must_use]
    pub fn label(state: &State) -> String {
        label(&sha256(state.secret().as_bytes()))
    }

    /// This attempt's label.
    #[must_use]
    pub fn own_label(&self) -> String {
        label(&self.state_hash)
    }

    /// Seals the attempt. `context` ties it to one application, as in its base URL.
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
            h: URL_SAFE_NO_PAD.encode(self.state_hash).into(),
            p: (&self.provider).into(),
            i: (&self.issuer).into(),
            g: (&self.registration).into(),
            n: self.nonce.as_ref().map(|nonce| nonce.secret().into()),
            v: self.code_verifier.as_ref().map(|verifier| verifier.secret().into()),
            s: self.started,
            e: self.expires,
            q: (&self.request).into(),
        };
        // Room for most: growing would leave copies behind that nobody clears.
        let mut plaintext = Vec::with_capacity(512);
        serde_json::to_writer(&mut plaintext, &sealed).map_err(|_| RandomUnavailable)?;
        let plaintext = Plaintext::from(plaintext);
        let context = bound_context(context, &self.own_label());
        let sealed = keys.seal(Purpose::Attempt, context.as_bytes(), &plaintext, random)?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Opens what [`seal`](Self::seal) made, under the same `context` and `label`.
    ///
    /// An expired attempt opens: whoever finishes it must ask [`is_expired`](Self::is_expired).
    #[must_use]
    pub fn open(keys: &KeyRing, context: &str, label: &str, sealed: &str) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let context = bound_context(context, label);
        let plaintext = keys.open(Purpose::Attempt, context.as_bytes(), sealed)?;
        let sealed: Sealed<'_> = serde_json::from_slice(&plaintext).ok()?;
        Some(Self {
            state_hash: URL_SAFE_NO_PAD.decode(&*sealed.h).ok()?.try_into().ok()?,
            provider: sealed.p.into_owned(),
            issuer: sealed.i.into_owned(),
            registration: sealed.g.into_owned(),
            nonce: sealed.n.map(|nonce| nonce.into_owned().into()),
            code_verifier: sealed.v.map(|verifier| verifier.into_owned().into()),
            request: sealed.q.into(),
            started: sealed.s,
            expires: sealed.e,
        })
    }

    /// Whether `state` is this attempt's.
    #[must_use]
    pub fn matches(&self, state: &State) -> bool {
        let hash = sha256(state.secret().as_bytes());
        constant_time::verify_slices_are_equal(&hash, &self.state_hash).is_ok()
    }

    /// The key of the provider it was started at.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// Where the browser goes when it succeeds.
    #[must_use]
    pub const fn return_to(&self) -> &ReturnTo {
        &self.request.return_to
    }

    /// What it asks for.
    #[must_use]
    pub const fn request(&self) -> &LoginRequest {
        &self.request
    }

    /// When it was started.
    #[must_use]
    pub const fn started(&self) -> Timestamp {
        self.started
    }

    /// When it ends.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// Whether it can no longer be finished.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.expires
    }

    /// The mark that consumes it: set once, over all processes.
    #[must_use]
    pub const fn mark(&self) -> Mark {
        Mark::attempt(self.state_hash)
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("provider", &self.provider)
            .field("issuer", &self.issuer)
            .field("started", &self.started)
            .finish_non_exhaustive()
    }
}

pub(crate) fn label(state_hash: &[u8; 32]) -> String {
    let (start, _) = state_hash.split_at(9);
    URL_SAFE_NO_PAD.encode(start)
}

fn bound_context(context: &str, label: &str) -> String {
    format!("{context}\n{label}")
}
