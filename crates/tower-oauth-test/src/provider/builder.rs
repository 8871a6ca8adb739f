//! Setting up a provider.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use tower_oauth_core::{Clock, Random};
use url::Url;

use super::keys::KeyRing;
use super::{FakeProvider, Inner, Lifetimes, Signing, TestUser};
use crate::{ManualClock, SeededRandom};

/// Sets up a [`FakeProvider`]. Everything has a default.
#[derive(Clone)]
#[must_use]
pub struct FakeProviderBuilder {
    issuer: String,
    client_id: String,
    client_secret: String,
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    frontchannel_logout_uri: Option<String>,
    users: Vec<TestUser>,
    clock: Arc<dyn Clock>,
    manual_clock: Option<ManualClock>,
    random: Option<Arc<dyn Random>>,
    signing: Signing,
    lifetimes: Lifetimes,
    claims_in_id_token: bool,
    rotates_refresh_tokens: bool,
    ignores_pkce: bool,
}

impl FakeProviderBuilder {
    pub(super) fn new() -> Self {
        let clock = ManualClock::new();
        Self {
            issuer: FakeProvider::ISSUER.to_owned(),
            client_id: FakeProvider::CLIENT_ID.to_owned(),
            client_secret: FakeProvider::CLIENT_SECRET.to_owned(),
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            frontchannel_logout_uri: None,
            users: vec![TestUser::alice(), TestUser::bob()],
            clock: Arc::new(clock.clone()),
            manual_clock: Some(clock),
            random: None,
            signing: Signing::default(),
            lifetimes: Lifetimes {
                access_token: Duration::from_secs(3600),
                refresh_token: Duration::from_secs(30 * 24 * 3600),
            },
            claims_in_id_token: false,
            rotates_refresh_tokens: true,
            ignores_pkce: false,
        }
    }

    /// The issuer identifier; the endpoints lie below it. Default: [`FakeProvider::ISSUER`].
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = issuer.into();
        self
    }

    /// The one registered client. Default: [`FakeProvider::CLIENT_ID`] with
    /// [`FakeProvider::CLIENT_SECRET`].
    pub fn client(mut self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.client_id = id.into();
        self.client_secret = secret.into();
        self
    }

    /// Registers a redirect URI; may be called again. They are compared byte by byte (RFC 9700 section
    /// 2.1). Default: none is registered and any is accepted.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uris.push(uri.into());
        self
    }

    /// Registers where the browser may go after a sign-out; may be called again. Default: none is registered and any is
    /// accepted.
    pub fn post_logout_redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.post_logout_redirect_uris.push(uri.into());
        self
    }

    /// Registers what the page of a sign-out shows in a frame, with `iss` and `sid` (OpenID Connect Front-Channel
    /// Logout section 2). Default: none, and a sign-out has no page.
    pub fn frontchannel_logout_uri(mut self, uri: impl Into<String>) -> Self {
        self.frontchannel_logout_uri = Some(uri.into());
        self
    }

    /// Adds a user, in place of one with the same subject. Default: [`TestUser::alice`] and
    /// [`TestUser::bob`].
    pub fn user(mut self, user: TestUser) -> Self {
        match self.users.iter_mut().find(|it| it.subject() == user.subject()) {
            Some(known) => *known = user,
            None => self.users.push(user),
        }
        self
    }

    /// Takes the time from `clock`: the system's, when the application under test uses that.
    /// Default: a [`ManualClock`] of its own.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self.manual_clock = None;
        self
    }

    /// Takes the time from `clock`, and advances it where a delay passes in virtual time.
    pub fn manual_clock(mut self, clock: ManualClock) -> Self {
        self.clock = Arc::new(clock.clone());
        self.manual_clock = Some(clock);
        self
    }

    /// Where codes and tokens come from. Default: a [`SeededRandom`] that depends on the issuer, so that
    /// two providers never issue the same token.
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = Some(random);
        self
    }

    /// How ID tokens are signed. Default: [`Signing::Rs256`].
    pub const fn signing(mut self, signing: Signing) -> Self {
        self.signing = signing;
        self
    }

    /// How long an access token is valid. Default: 3600 seconds.
    pub const fn access_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetimes.access_token = lifetime;
        self
    }

    /// How long a refresh token is valid. Default: 30 days.
    pub const fn refresh_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetimes.refresh_token = lifetime;
        self
    }

    /// Puts the claims of scopes `profile` and `email` into the ID token as well. Default: no, they come
    /// from the `UserInfo` endpoint (OpenID Connect Core section 5.4).
    pub const fn claims_in_id_token(mut self, yes: bool) -> Self {
        self.claims_in_id_token = yes;
        self
    }

    /// Whether each refresh brings a new refresh token and uses the old one up; whoever presents that again, has stolen
    /// it, and all of the grant is revoked (RFC 9700 section 4.14.2). Default: yes. Otherwise the first one stays.
    pub const fn rotate_refresh_tokens(mut self, yes: bool) -> Self {
        self.rotates_refresh_tokens = yes;
        self
    }

    /// Redeems a code whatever the `code_verifier`, as providers that do not know PKCE do. Default: no.
    pub const fn ignores_pkce(mut self, yes: bool) -> Self {
        self.ignores_pkce = yes;
        self
    }

    /// The provider.
    ///
    /// # Panics
    ///
    /// If the issuer is not an `http` or `https` URL without query and fragment.
    #[must_use]
    pub fn build(self) -> FakeProvider {
        let url = Url::parse(&self.issuer).expect("the issuer is a URL");
        let plain = url.query().is_none() && url.fragment().is_none();
        assert!(
            plain && matches!(url.scheme(), "http" | "https"),
            "the issuer is an http or https URL without query and fragment"
        );
        let random = self.random.unwrap_or_else(|| Arc::new(SeededRandom::new(seed(&self.issuer))));
        FakeProvider {
            inner: Arc::new(Inner {
                base_path: url.path().trim_end_matches('/').to_owned(),
                origin: url.origin(),
                issuer: self.issuer,
                client_id: self.client_id,
                client_secret: self.client_secret,
                redirect_uris: self.redirect_uris,
                post_logout_redirect_uris: self.post_logout_redirect_uris,
                frontchannel_logout_uri: self.frontchannel_logout_uri,
                users: self.users,
                clock: self.clock,
                manual_clock: self.manual_clock,
                random,
                signing: self.signing,
                lifetimes: self.lifetimes,
                claims_in_id_token: self.claims_in_id_token,
                rotates_refresh_tokens: self.rotates_refresh_tokens,
                ignores_pkce: self.ignores_pkce,
                keys: Mutex::new(KeyRing::new(self.signing)),
                grants: Mutex::default(),
                answers: Mutex::default(),
                requests: Mutex::default(),
                approving: Mutex::default(),
                id_token_change: Mutex::default(),
            }),
        }
    }
}

fn seed(issuer: &str) -> u64 {
    let hash = digest(&SHA256, issuer.as_bytes());
    hash.as_ref().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

impl fmt::Debug for FakeProviderBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeProviderBuilder")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}
