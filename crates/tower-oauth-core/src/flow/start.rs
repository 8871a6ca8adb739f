//! Where the browser is sent to sign in: the authorization request
//! ([RFC 6749 section 4.1.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1), OpenID Connect Core section 3.1.2.1).

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use oauth2::{AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier};
use url::Url;

use super::attempt::Attempt;
use super::login_request::{LoginRequest, Prompt};
use super::step_up;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::provider::{OfflineAccess, Pkce, Protocol, ResponseMode};
use crate::random;
use crate::secret::{CodeVerifier, Nonce, State, sha256};

/// How long a user may take at the provider.
const ATTEMPT_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// A login that was started: where to send the browser, and what to remember until it is back.
#[non_exhaustive]
pub struct Start {
    /// The authorization request, ready for a `Location` header.
    pub authorization_url: String,
    /// What to remember.
    pub attempt: Attempt,
}

/// Without the URL, which holds `state` and `nonce`.
impl fmt::Debug for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start").field("attempt", &self.attempt).finish_non_exhaustive()
    }
}

impl Client {
    /// Starts a login: a [`ReturnTo`](crate::ReturnTo) is where it is to end, a [`LoginRequest`] can ask for more.
    ///
    /// `state`, `nonce` and the PKCE verifier are drawn independently, 256 bits each.
    ///
    /// # Errors
    ///
    /// When the provider's metadata is needed and cannot be had, there is no randomness, or the login would have to
    /// prove what a provider without ID tokens cannot say.
    pub async fn start(&self, request: impl Into<LoginRequest>) -> Result<Start, Error> {
        let request = request.into();
        if request.is_step_up() && self.provider.quirks.protocol == Protocol::OAuth2 {
            return Err(step_up::failed("the provider issues no ID token that could prove it"));
        }
        let metadata = self.metadata().await?;
        let quirks = &self.provider.quirks;
        let random = &*self.environment.random;
        let state = State::new(random::token(random)?);
        let code_verifier = match quirks.pkce {
            Pkce::S256 => Some(CodeVerifier::new(random::token(random)?)),
            Pkce::Unsupported => None,
        };
        let nonce = match quirks.protocol {
            Protocol::OpenIdConnect if quirks.nonce => Some(Nonce::new(random::token(random)?)),
            Protocol::OpenIdConnect | Protocol::OAuth2 => None,
        };
        let url = self.authorization_url(
            &metadata.authorization_endpoint,
            &request,
            &state,
            nonce.as_ref(),
            code_verifier.as_ref(),
        )?;
        let now = self.environment.clock.now();
        let attempt = Attempt {
            state_hash: sha256(state.secret().as_bytes()),
            provider: self.provider.key.to_string(),
            issuer: metadata.issuer.clone(),
            registration: self.registration.clone(),
            nonce,
            code_verifier,
            request,
            started: now,
            expires: now + ATTEMPT_LIFETIME,
        };
        Ok(Start { authorization_url: url.into(), attempt })
    }

    fn authorization_url(
        &self,
        endpoint: &AuthUrl,
        asked: &LoginRequest,
        state: &State,
        nonce: Option<&Nonce>,
        code_verifier: Option<&CodeVerifier>,
    ) -> Result<Url, Error> {
        let quirks = &self.provider.quirks;
        let client =
            oauth2::basic::BasicClient::new(ClientId::new(self.provider.client_id.clone()))
                .set_auth_uri(endpoint.clone());
        let mut request = client
            .authorize_url(|| CsrfToken::new(state.secret().to_owned()))
            .set_redirect_uri(self.redirect_url()?);
        let scope = self.requested_scopes(asked).join(&quirks.scope_delimiter.to_string());
        if !scope.is_empty() {
            request = request.add_scope(oauth2::Scope::new(scope));
        }
        if let Some(verifier) = code_verifier {
            let verifier = PkceCodeVerifier::new(verifier.secret().to_owned());
            request =
                request.set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        }
        if let Some(nonce) = nonce {
            request = request.add_extra_param("nonce", nonce.secret());
        }
        if quirks.response_mode == ResponseMode::FormPost {
            request = request.add_extra_param("response_mode", "form_post");
        }
        for (name, value) in self.parameters(asked) {
            request = request.add_extra_param(name, value);
        }
        let (mut url, _) = request.url();
        if !quirks.parameter_names.is_empty() {
            rename_parameters(&mut url, quirks.parameter_names);
        }
        // RFC 6749 section 3.1: the endpoint's own query stays, and nothing is sent twice.
        let mut names: Vec<_> = parameter_names(&url).collect();
        let sent = names.len();
        names.sort_unstable();
        names.dedup();
        if names.len() < sent {
            let reason = "the query of the authorization endpoint has a parameter twice, \
                          or one that is sent anyway";
            return Err(Error::new(ErrorKind::Discovery, reason));
        }
        url.set_fragment(quirks.authorization_fragment);
        Ok(url)
    }

    /// The scopes that are asked for, the one for offline access included.
    pub(crate) fn requested_scopes<'a>(&'a self, asked: &'a LoginRequest) -> Vec<&'a str> {
        let mut scopes: Vec<&str> = self.provider.scopes.iter().map(String::as_str).collect();
        let offline = match self.provider.quirks.offline_access {
            OfflineAccess::Scope(scope) | OfflineAccess::ScopeAlone(scope)
                if self.provider.offline_access =>
            {
                Some(scope)
            }
            _ => None,
        };
        for scope in offline.into_iter().chain(asked.scopes.iter().map(String::as_str)) {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        scopes
    }

    /// What the login asks for besides: the application's own parameters win over those that the provider needs, and
    /// what this login needs comes to either.
    fn parameters<'a>(&'a self, asked: &'a LoginRequest) -> Vec<(&'a str, Cow<'a, str>)> {
        let own = self.provider.authorization_parameters.iter();
        let mut parameters: Vec<(&str, Cow<'_, str>)> =
            own.map(|(name, value)| (name.as_str(), value.as_str().into())).collect();
        let preset = self.provider.quirks.authorization_parameters;
        for (name, value) in self.offline_parameters().iter().chain(preset) {
            if !parameters.iter().any(|(own, _)| own == name) {
                parameters.push((*name, (*value).into()));
            }
        }
        if let Some(prompt) = asked.prompt.map(Prompt::as_str) {
            match parameters.iter_mut().find(|(name, _)| *name == "prompt") {
                None => parameters.push(("prompt", prompt.into())),
                Some((_, others)) if others.split(' ').any(|other| other == prompt) => {}
                Some((_, others)) => *others = format!("{others} {prompt}").into(),
            }
        }
        if let Some(hint) = &asked.login_hint {
            parameters.retain(|(name, _)| *name != "login_hint");
            parameters.push(("login_hint", hint.as_str().into()));
        }
        if let Some(max_age) = asked.max_age {
            parameters.push(("max_age", max_age.as_secs().to_string().into()));
        }
        if !asked.acr_values.is_empty() {
            parameters.retain(|(name, _)| *name != "acr_values");
            parameters.push(("acr_values", asked.acr_values.join(" ").into()));
        }
        parameters
    }

    fn offline_parameters(&self) -> &'static [(&'static str, &'static str)] {
        match self.provider.quirks.offline_access {
            OfflineAccess::Parameters(parameters) if self.provider.offline_access => parameters,
            // OpenID Connect Core section 11: without consent the scope is ignored.
            OfflineAccess::Scope("offline_access") if self.provider.offline_access => {
                &[("prompt", "consent")]
            }
            _ => &[],
        }
    }
}

/// The names in the query of `url`. Their values, which are long, are not decoded.
fn parameter_names(url: &Url) -> impl Iterator<Item = Cow<'_, str>> {
    let pairs = url.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| {
        let (name, _) = pair.split_once('=').unwrap_or((pair, ""));
        form_urlencoded::parse(name.as_bytes()).next().map_or(Cow::Borrowed(""), |(name, _)| name)
    })
}

fn rename_parameters(url: &mut Url, names: &[(&str, &str)]) {
    let pairs: Vec<(String, String)> = url
        .query_pairs()
        .map(|(name, value)| {
            let name = names.iter().find(|(standard, _)| *standard == name).map_or(&*name, |n| n.1);
            (name.to_owned(), value.into_owned())
        })
        .collect();
    url.query_pairs_mut().clear().extend_pairs(pairs);
}
