//! Reading an authorization request (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2.1).

use bytes::Bytes;
use http::{Response, StatusCode};
use url::Url;

use crate::provider::error::OAuthError;
use crate::provider::grants::split_scope;
use crate::provider::{FakeProvider, Parameters, page, reply};

/// What the client asks for, in a request that may be put before the user.
pub(super) struct AuthorizationRequest {
    pub(super) scope: Vec<String>,
    pub(super) code_challenge: String,
    pub(super) nonce: Option<String>,
    /// `prompt=none`: no page may be shown.
    pub(super) silent: bool,
    pub(super) login_hint: Option<String>,
}

/// Where the authorization response goes, and how.
pub(super) struct ReplyTo {
    pub(super) redirect_uri: Url,
    /// As the client wrote it: `url` would add a slash to an empty path.
    pub(super) redirect_uri_text: String,
    issuer: String,
    state: Option<String>,
    as_form: bool,
}

impl ReplyTo {
    /// `parameters`, `state`, and `iss` against mix-up attacks (RFC 9207 section 2).
    pub(super) fn respond(&self, parameters: &[(&str, &str)]) -> Response<Bytes> {
        let mut parameters = parameters.to_vec();
        parameters.extend(self.state.as_deref().map(|state| ("state", state)));
        parameters.push(("iss", &self.issuer));
        if self.as_form {
            page::form_post(&self.redirect_uri_text, &parameters)
        } else {
            reply::redirect(&reply::with_query(&self.redirect_uri_text, &parameters))
        }
    }

    /// The error response of RFC 6749 section 4.1.2.1.
    pub(super) fn refuse(&self, error: OAuthError) -> Response<Bytes> {
        self.respond(&[("error", error.code), ("error_description", error.description)])
    }
}

impl FakeProvider {
    /// The request in `parameters`, or the response that refuses it.
    pub(super) fn read_authorization_request(
        &self,
        parameters: &Parameters,
    ) -> Result<(ReplyTo, AuthorizationRequest), Box<Response<Bytes>>> {
        // Until client and redirect_uri are known to be good, an error stays on this page: redirecting
        // it would make the provider an open redirector (RFC 6749 section 4.1.2.1).
        let reply_to = self.reply_to(parameters).map_err(|text| {
            page::message(StatusCode::BAD_REQUEST, "This request cannot be answered", text)
        })?;
        let request = read(parameters).map_err(|error| reply_to.refuse(error))?;
        Ok((reply_to, request))
    }

    fn reply_to(&self, parameters: &Parameters) -> Result<ReplyTo, &'static str> {
        if parameters.is_repeated("client_id") || parameters.is_repeated("redirect_uri") {
            return Err("It names more than one client_id or redirect_uri.");
        }
        if parameters.value("client_id") != Some(self.client_id()) {
            return Err("No application with this client_id is registered.");
        }
        let text = parameters.value("redirect_uri").ok_or("It names no redirect_uri.")?;
        if !self.permits_redirect_uri(text) {
            return Err("The redirect_uri is not one that is registered for this application.");
        }
        // Printable ASCII only: it becomes part of a header.
        let redirect_uri = Url::parse(text)
            .ok()
            .filter(|url| text.bytes().all(|byte| byte.is_ascii_graphic()) && is_redirectable(url))
            .ok_or("The redirect_uri is not an absolute URL without a fragment.")?;
        Ok(ReplyTo {
            redirect_uri,
            redirect_uri_text: text.to_owned(),
            issuer: self.issuer().to_owned(),
            state: parameters.value("state").map(str::to_owned),
            as_form: parameters.value("response_mode") == Some("form_post"),
        })
    }
}

/// HTTP, or a private-use scheme, which has a dot (RFC 8252 section 7.1); never `javascript:` or `data:`.
fn is_redirectable(url: &Url) -> bool {
    let scheme_ok = matches!(url.scheme(), "http" | "https") || url.scheme().contains('.');
    scheme_ok && url.fragment().is_none()
}

fn read(parameters: &Parameters) -> Result<AuthorizationRequest, OAuthError> {
    if parameters.any_repeated() {
        return Err(OAuthError::invalid_request("A parameter is repeated."));
    }
    if parameters.value("request").is_some() {
        let description = "Request objects are not supported.";
        return Err(OAuthError::new("request_not_supported", description));
    }
    if parameters.value("request_uri").is_some() {
        let description = "Request objects are not supported.";
        return Err(OAuthError::new("request_uri_not_supported", description));
    }
    match parameters.value("response_type") {
        Some("code") => {}
        Some(_) => {
            let description = "The only response_type is code.";
            return Err(OAuthError::new("unsupported_response_type", description));
        }
        None => return Err(OAuthError::invalid_request("The response_type is missing.")),
    }
    if !matches!(parameters.value("response_mode"), None | Some("query" | "form_post")) {
        return Err(OAuthError::invalid_request("The response_mode is query or form_post."));
    }
    let scope = split_scope(parameters.value("scope").unwrap_or_default());
    if scope.is_empty() {
        return Err(OAuthError::new("invalid_scope", "The scope is missing."));
    }
    if parameters.value("code_challenge_method") != Some("S256") {
        return Err(OAuthError::invalid_request("PKCE with S256 is required."));
    }
    let code_challenge = parameters
        .value("code_challenge")
        .filter(|it| is_sha256(it))
        .ok_or(OAuthError::invalid_request("The code_challenge is not a SHA-256 in base64url."))?;
    if parameters.value("max_age").is_some_and(|seconds| seconds.parse::<u64>().is_err()) {
        return Err(OAuthError::invalid_request("The max_age is not a number of seconds."));
    }
    Ok(AuthorizationRequest {
        scope,
        code_challenge: code_challenge.to_owned(),
        nonce: parameters.value("nonce").map(str::to_owned),
        silent: is_silent(parameters.value("prompt").unwrap_or_default())?,
        login_hint: parameters.value("login_hint").map(str::to_owned),
    })
}

fn is_sha256(encoded: &str) -> bool {
    encoded.len() == 43
        && encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn is_silent(prompt: &str) -> Result<bool, OAuthError> {
    let values = split_scope(prompt);
    let known = ["none", "login", "consent", "select_account"];
    if !values.iter().all(|value| known.contains(&value.as_str())) {
        return Err(OAuthError::invalid_request("A value of prompt is unknown."));
    }
    let silent = values.iter().any(|value| value == "none");
    if silent && values.len() > 1 {
        return Err(OAuthError::invalid_request("The prompt none stands alone."));
    }
    Ok(silent)
}
