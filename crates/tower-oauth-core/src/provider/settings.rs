//! The check of a [`Provider`] as a whole, when the application starts.

use std::collections::HashSet;

use http::{HeaderName, HeaderValue};
use url::Url;

use super::{Endpoints, IssuerRule, Protocol, Provider, UserInfo};
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

/// Shortest client secret that may key a MAC: the hash's length
/// ([RFC 7518 section 3.2](https://www.rfc-editor.org/rfc/rfc7518#section-3.2)).
const MIN_MAC_KEY_LEN: usize = 32;

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
        if self.client_key.is_none() && self.client_secret.secret().trim().is_empty() {
            return refuse("client secret", "is empty".into());
        }
        if self.quirks.hs256_id_tokens && self.client_secret.secret().len() < MIN_MAC_KEY_LEN {
            let problem = "must have at least 32 bytes, since ID tokens are signed with it (HS256)";
            return refuse("client secret", problem.into());
        }
        let mut urls = vec![("issuer", &*self.issuer)];
        if let Endpoints::Fixed { authorization, token } = &self.endpoints {
            urls.push(("authorization endpoint", authorization));
            urls.push(("token endpoint", token));
        }
        if let Some(url) = &self.quirks.refresh_endpoint {
            urls.push(("refresh endpoint", url));
        }
        if let Some(url) = &self.quirks.revocation_endpoint {
            urls.push(("revocation endpoint", url));
        }
        if let Some(url) = &self.quirks.end_session_endpoint {
            urls.push(("end session endpoint", url));
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
            let is_renamed = self.quirks.parameter_names.iter().any(|(_, own)| own == name);
            if is_renamed || RESERVED_PARAMETERS.contains(&name.as_str()) {
                return refuse("authorization parameter", format!("{name:?} is set by the flow"));
            }
            if !names.insert(name) {
                return refuse("authorization parameter", format!("{name:?} is given twice"));
            }
        }
        for (name, values) in &self.required_claims {
            if name.is_empty() || values.is_empty() {
                return refuse("required claim", format!("{name:?} needs a name and a value"));
            }
        }
        if !self.tenants.is_empty() && self.quirks.issuer == IssuerRule::Exact {
            let problem = "narrow an issuer that stands for many; this one stands for itself";
            return refuse("tenants", problem.into());
        }
        let client_id = self.quirks.client_id_header.map(|name| (name, &*self.client_id));
        for (name, value) in self.quirks.headers.iter().copied().chain(client_id) {
            if HeaderName::try_from(name).is_err() || HeaderValue::try_from(value).is_err() {
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
            UserInfo::TokenResponse => true,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::presets::{oauth2, oidc};

    fn problem(provider: &Provider) -> String {
        provider.validate().err().map(|error| error.to_string()).unwrap_or_default()
    }

    fn op() -> Provider {
        oidc("https://op.example", "id", "secret")
    }

    #[test]
    fn x08_what_cannot_work_is_named() {
        assert_eq!(problem(&op()), "");
        assert_eq!(problem(&op().key("k".repeat(64))), "");
        for (provider, start) in [
            (op().key(""), "provider key"),
            (op().key("k".repeat(65)), "provider key"),
            (op().key("a/b"), "provider key"),
            (oidc("https://op.example", " ", "secret"), "provider oidc, client id"),
            (oidc("https://op.example", "id", " "), "provider oidc, client secret"),
            (oidc("https://op.example?a", "id", "s"), "provider oidc, issuer"),
            (oidc("https://op.example#a", "id", "s"), "provider oidc, issuer"),
            (op().id_token_algorithms([]), "provider oidc, ID token algorithms"),
        ] {
            assert!(problem(&provider).starts_with(start), "{start}: {}", problem(&provider));
        }
    }

    #[test]
    fn d05_every_address_is_https_or_loopback_and_names_nobody() {
        let urls = ["https://op.example/a", "https://op.example/t", "https://op.example/u"];
        let of = |urls: [&str; 3]| {
            problem(
                &oauth2(urls[0], urls[1], urls[2], "id", "secret")
                    .with_issuer("https://op.example"),
            )
        };
        assert_eq!(of(urls), "");
        for (place, name) in ["authorization", "token", "userinfo"].into_iter().enumerate() {
            for bad in [
                "http://op.example/",
                "ftp://op.example/",
                "https://u@op.example/",
                "https://:p@op.example/",
                "/a",
            ] {
                let mut urls = urls;
                urls[place] = bad;
                assert!(of(urls).contains(&format!("{name} endpoint")), "{bad}: {}", of(urls));
            }
        }
    }

    #[test]
    fn s26_parameters_of_the_flow_cannot_be_set() {
        for name in [
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
        ] {
            let provider = op().authorization_parameter(name, "x");
            assert!(problem(&provider).contains("is set by the flow"), "{name}");
        }
        let renamed = op().quirks(|quirks| quirks.parameter_names = &[("client_id", "client_key")]);
        let renamed = renamed.authorization_parameter("client_key", "x");
        assert!(problem(&renamed).contains("\"client_key\" is set by the flow"));
    }

    #[test]
    fn a_client_secret_that_keys_a_mac_has_the_length_of_its_hash() {
        for (length, refused) in [(31, true), (32, false)] {
            let provider = oidc("https://op.example", "id", "s".repeat(length))
                .quirks(|quirks| quirks.hs256_id_tokens = true);
            assert_eq!(problem(&provider).contains("client secret: must have"), refused);
        }
    }

    #[test]
    fn i18_tenants_narrow_a_template_only() {
        let provider = op().tenants(["t1"]);
        assert!(problem(&provider).starts_with("provider oidc, tenants: "));
        let provider = provider.quirks(|quirks| quirks.issuer = IssuerRule::TenantTemplate);
        assert_eq!(problem(&provider), "");
    }

    #[test]
    fn without_an_id_token_a_profile_request_is_needed() {
        let provider = |change: fn(&mut crate::provider::UserInfoRequest)| {
            oauth2(
                "https://op.example/a",
                "https://op.example/t",
                "https://op.example/u",
                "id",
                "s",
            )
            .quirks(move |quirks| {
                if let UserInfo::Requests(requests) = &mut quirks.userinfo {
                    requests.iter_mut().for_each(change);
                }
            })
        };
        assert_eq!(problem(&provider(|_| ())), "");
        assert!(problem(&provider(|request| request.required = false)).contains("userinfo"));
        assert!(problem(&provider(|request| request.into = Some("list"))).contains("userinfo"));
    }
}
