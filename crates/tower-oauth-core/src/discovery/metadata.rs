//! Provider metadata (OpenID Connect Discovery section 3, [RFC 8414](https://www.rfc-editor.org/rfc/rfc8414)).

use oauth2::{AuthUrl, TokenUrl};
use serde_json::{Map, Value};

use crate::json;
use crate::provider::settings::endpoint;
use crate::provider::{ClientAuthentication, IssuerRule, Pkce, Provider, same_origin};

/// What the flow needs of a provider's metadata. Nothing in it widens what the client accepts.
#[derive(Clone, Debug)]
pub(crate) struct Metadata {
    /// As the document names it: the configured one, or a template of it.
    pub(crate) issuer: String,
    /// These two as the `oauth2` crate takes them, so that no login reads a URL again.
    pub(crate) authorization_endpoint: AuthUrl,
    pub(crate) token_endpoint: TokenUrl,
    pub(crate) jwks_uri: Option<String>,
    pub(crate) userinfo_endpoint: Option<String>,
    pub(crate) revocation_endpoint: Option<String>,
    pub(crate) end_session_endpoint: Option<String>,
    /// Whether each authorization response names its issuer (RFC 9207 section 3).
    pub(crate) promises_iss: bool,
    /// How the client authenticates where the preset leaves it to the metadata.
    pub(crate) client_authentication: ClientAuthentication,
}

impl Metadata {
    /// The metadata of a provider that publishes none.
    pub(crate) fn fixed(
        authorization: &str,
        token: &str,
        issuer: &str,
    ) -> Result<Self, url::ParseError> {
        Ok(Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: AuthUrl::new(authorization.to_owned())?,
            token_endpoint: TokenUrl::new(token.to_owned())?,
            jwks_uri: None,
            userinfo_endpoint: None,
            revocation_endpoint: None,
            end_session_endpoint: None,
            promises_iss: false,
            client_authentication: ClientAuthentication::Basic,
        })
    }

    /// Reads the document of `provider`. The error says what is wrong with it.
    pub(crate) fn parse(document: &[u8], provider: &Provider) -> Result<Self, String> {
        let document = json::parse_object(document).map_err(|error| error.to_string())?;
        let issuer = required(&document, "issuer")?;
        check_issuer(&issuer, provider)?;
        let endpoint_of = |name: &str| -> Result<String, String> {
            let url = required(&document, name)?;
            let parsed =
                endpoint(&url).map_err(|problem| format!("has a `{name}` that {problem}"))?;
            // Only a provider on this machine may send the client's secret over this machine.
            if parsed.scheme() == "http" && !provider.issuer().starts_with("http://") {
                return Err(format!("has a `{name}` that is http, though the issuer is https"));
            }
            Ok(url)
        };
        let optional_endpoint_of = |name: &str| match document.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(_) => endpoint_of(name).map(Some),
        };
        let lists = |name: &str, value: &str| {
            document.get(name).and_then(Value::as_array).map(|list| list.iter().any(|v| v == value))
        };
        if provider.quirks.pkce == Pkce::S256
            && lists("code_challenge_methods_supported", "S256") == Some(false)
            && lists("code_challenge_methods_supported", "plain") == Some(true)
        {
            return Err("offers PKCE by the method plain alone, which protects nothing".into());
        }
        let methods = "token_endpoint_auth_methods_supported";
        let body_only = lists(methods, "client_secret_basic") == Some(false)
            && lists(methods, "client_secret_post") == Some(true);
        let not_a_url = |error: url::ParseError| error.to_string();
        Ok(Self {
            authorization_endpoint: AuthUrl::new(endpoint_of("authorization_endpoint")?)
                .map_err(not_a_url)?,
            token_endpoint: TokenUrl::new(endpoint_of("token_endpoint")?).map_err(not_a_url)?,
            jwks_uri: Some(endpoint_of("jwks_uri")?),
            userinfo_endpoint: optional_endpoint_of("userinfo_endpoint")?,
            revocation_endpoint: optional_endpoint_of("revocation_endpoint")?,
            end_session_endpoint: optional_endpoint_of("end_session_endpoint")
                .and_then(without_fragment)
                .unwrap_or_else(|problem| {
                    // Nobody has to be kept from signing in by what is wrong with signing out.
                    tracing::warn!(
                        target: "tower_oauth::discovery",
                        "the metadata of {issuer} {problem}; signing out stays in the application"
                    );
                    None
                }),
            promises_iss: document.get("authorization_response_iss_parameter_supported")
                == Some(&Value::Bool(true)),
            client_authentication: if body_only {
                ClientAuthentication::Body
            } else {
                ClientAuthentication::Basic
            },
            issuer,
        })
    }
}

/// OpenID Connect Discovery section 4.3: the document names the issuer it was asked for, exactly.
fn check_issuer(issuer: &str, provider: &Provider) -> Result<(), String> {
    let configured = provider.issuer();
    let is_template = provider.quirks.issuer == IssuerRule::TenantTemplate
        && issuer.contains("{tenantid}")
        && same_origin(issuer, configured);
    if issuer == configured || is_template {
        return Ok(());
    }
    let shown: String = issuer.chars().take(200).collect();
    Err(format!("names the issuer {shown:?}, but the configuration says {configured:?}"))
}

/// RP-Initiated Logout section 2.1: the endpoint has no fragment. A query of its own stays.
fn without_fragment(url: Option<String>) -> Result<Option<String>, String> {
    match url {
        Some(url) if url.contains('#') => {
            Err("has an `end_session_endpoint` with a fragment".into())
        }
        url => Ok(url),
    }
}

fn required(document: &Map<String, Value>, name: &str) -> Result<String, String> {
    match document.get(name) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        Some(_) => Err(format!("has a `{name}` that is not a string")),
        None => Err(format!("has no `{name}`")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::provider::presets::oidc;

    fn document() -> Value {
        json!({
            "issuer": "https://op.example",
            "authorization_endpoint": "https://op.example/authorize",
            "token_endpoint": "https://op.example/token",
            "jwks_uri": "https://op.example/jwks",
            "response_types_supported": ["unknown", "code"],
        })
    }

    fn parse(document: &Value) -> Result<Metadata, String> {
        let provider = oidc("https://op.example", "id", "secret");
        Metadata::parse(document.to_string().as_bytes(), &provider)
    }

    #[test]
    fn d01_d02_the_issuer_must_match_exactly() {
        for issuer in ["https://op.exampleINVALID", "https://op.example/", "https://OP.example"] {
            let mut document = document();
            document["issuer"] = issuer.into();
            let problem = parse(&document).unwrap_err();
            assert!(problem.contains(issuer) && problem.contains("\"https://op.example\""));
        }
    }

    #[test]
    fn d04_required_members() {
        for name in ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"] {
            let mut document = document();
            document[name] = Value::Null;
            assert!(parse(&document).unwrap_err().contains(name));
            document.as_object_mut().unwrap().remove(name);
            assert_eq!(parse(&document).unwrap_err(), format!("has no `{name}`"));
        }
    }

    #[test]
    fn d05_endpoints_are_https_or_loopback() {
        for url in [
            "http://op.example/token",
            "file:///etc/passwd",
            "javascript:x",
            "data:,x",
            "/token",
            "https://user@op.example/token",
        ] {
            for name in [
                "authorization_endpoint",
                "token_endpoint",
                "jwks_uri",
                "userinfo_endpoint",
                "revocation_endpoint",
            ] {
                let mut document = document();
                document[name] = url.into();
                assert!(parse(&document).unwrap_err().contains(name), "{name} {url}");
            }
        }
        let mut document = document();
        document["token_endpoint"] = "http://127.0.0.1:9/token".into();
        assert!(parse(&document).is_err(), "an https issuer does not send secrets over http");
        document["issuer"] = "http://localhost:1".into();
        let local = oidc("http://localhost:1", "id", "secret");
        assert!(Metadata::parse(document.to_string().as_bytes(), &local).is_ok());
    }

    #[test]
    fn l17_an_endpoint_to_sign_out_at_is_https_without_a_fragment_or_none() {
        let mut document = document();
        for (url, kept) in [
            ("https://op.example/end?tenant=1", true),
            ("https://elsewhere.example/end", true),
            ("http://op.example/end", false),
            ("https://op.example/end#x", false),
            ("javascript:alert(1)", false),
            ("/end", false),
        ] {
            document["end_session_endpoint"] = url.into();
            let found = parse(&document).unwrap().end_session_endpoint;
            assert_eq!(found.as_deref(), kept.then_some(url), "{url}");
        }
    }

    #[test]
    fn s25_plain_pkce_is_refused_and_silence_is_not() {
        let mut document = document();
        for (methods, accepted) in
            [(json!(["plain"]), false), (json!([]), true), (json!(["plain", "S256"]), true)]
        {
            document["code_challenge_methods_supported"] = methods;
            assert_eq!(parse(&document).is_ok(), accepted);
        }
    }

    #[test]
    fn client_authentication_follows_the_metadata() {
        let mut document = document();
        for (methods, expected) in [
            (json!(["client_secret_post"]), ClientAuthentication::Body),
            (json!(["client_secret_post", "client_secret_basic"]), ClientAuthentication::Basic),
            (json!(["private_key_jwt"]), ClientAuthentication::Basic),
        ] {
            document["token_endpoint_auth_methods_supported"] = methods;
            assert_eq!(parse(&document).unwrap().client_authentication, expected);
        }
    }

    #[test]
    fn d03_a_template_counts_only_where_the_preset_says_so() {
        let template = "https://op.example/{tenantid}/v2.0";
        for (rule, issuer, accepted) in [
            (IssuerRule::TenantTemplate, template, true),
            (IssuerRule::TenantTemplate, "https://evil.example", false),
            (IssuerRule::Exact, template, false),
        ] {
            let provider = oidc("https://op.example", "id", "secret").quirks(|q| q.issuer = rule);
            let mut document = document();
            document["issuer"] = issuer.into();
            let parsed = Metadata::parse(document.to_string().as_bytes(), &provider);
            assert_eq!(parsed.is_ok(), accepted, "{rule:?} {issuer}");
        }
    }
}
