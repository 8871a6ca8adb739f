//! The check of a [`Provider`] as a whole, when the application starts.

use std::collections::HashSet;

use http::{HeaderName, HeaderValue};
use url::Url;

use super::{Endpoints, Protocol, Provider, UserInfo};
use crate::base_url::is_loopback;
use crate::error::ConfigError;

/// Parameters of the authorization request that only the flow may set, or whose answer it would have to check
/// ([RFC 6749 section 4.1.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1)).
const RESERVED_PARAMETERS: [&str; 14] = [
    "claims",
    "client_id",
    "client_secret",
    "code_challenge",
    "code_challenge_method",
    "max_age",
    "nonce",
    "redirect_uri",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
];

impl Provider {
    /// Checks what can be checked without asking the provider.
    ///
    /// # Errors
    ///
    /// When a setting cannot work, naming it.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let key_is_sane = !self.key.is_empty()
            && self.key.len() <= 64
            && self.key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !key_is_sane {
            let problem =
                format!("{:?} must be 1 to 64 lower-case letters, digits and hyphens", self.key);
            return Err(ConfigError::new("provider key", problem));
        }
        let refuse = |setting: &str, problem: String| {
            Err(ConfigError::new(format!("provider {}, {setting}", self.key), problem))
        };
        if self.client_id.trim().is_empty() {
            return refuse("client id", "is empty".into());
        }
        if self.client_secret.secret().trim().is_empty() {
            return refuse("client secret", "is empty".into());
        }
        let mut urls = vec![("issuer", self.issuer.as_str())];
        if let Endpoints::Fixed { authorization, token } = &self.endpoints {
            urls.push(("authorization endpoint", authorization));
            urls.push(("token endpoint", token));
        }
        if let UserInfo::Requests(requests) = &self.quirks.userinfo {
            urls.extend(requests.iter().map(|request| ("userinfo endpoint", &*request.url)));
        }
        for (setting, url) in urls {
            if let Err(problem) = endpoint(url) {
                return refuse(setting, format!("{url:?} {problem}"));
            }
        }
        if self.issuer.contains(['?', '#']) {
            return refuse("issuer", format!("{:?} has a query or fragment", self.issuer));
        }
        let mut names = HashSet::new();
        for (name, _) in &self.authorization_parameters {
            if RESERVED_PARAMETERS.contains(&name.as_str()) {
                return refuse("authorization parameter", format!("{name:?} is set by the flow"));
            }
            if !names.insert(name) {
                return refuse("authorization parameter", format!("{name:?} is given twice"));
            }
        }
        for (name, value) in self.quirks.headers {
            if HeaderName::try_from(*name).is_err() || HeaderValue::try_from(*value).is_err() {
                return refuse("headers", format!("{name:?} is not a header with a value"));
            }
        }
        match self.quirks.protocol {
            Protocol::OpenIdConnect if !self.scopes.iter().any(|scope| scope == "openid") => {
                return refuse("scopes", "must contain openid".into());
            }
            Protocol::OpenIdConnect if self.id_token_algorithms.is_empty() => {
                return refuse("ID token algorithms", "must name at least one".into());
            }
            Protocol::OAuth2 if !self.has_profile_request() => {
                return refuse("userinfo", "needs a request that tells who the user is".into());
            }
            _ => {}
        }
        Ok(())
    }

    fn has_profile_request(&self) -> bool {
        match &self.quirks.userinfo {
            UserInfo::Requests(requests) => {
                requests.iter().any(|request| request.into.is_none() && request.required)
            }
            UserInfo::Discovered | UserInfo::IdToken => false,
        }
    }
}

/// Whether `url` may be called: `https`, or `http` on this machine, without user information.
pub(crate) fn endpoint(url: &str) -> Result<Url, &'static str> {
    let url = Url::parse(url).map_err(|_| "is not an absolute URL")?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => return Err("must be https; http is for loopback hosts only"),
        _ => return Err("must be https"),
    }
    if url.host().is_none() || !url.username().is_empty() || url.password().is_some() {
        return Err("must have a host and no user information");
    }
    Ok(url)
}
