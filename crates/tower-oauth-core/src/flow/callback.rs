//! The authorization response ([RFC 6749 section 4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2)), read and
//! checked against the attempt it answers.

use std::fmt;

use super::attempt::Attempt;
use super::login_request::LoginRequest;
use crate::client::Client;
use crate::error::{Error, ErrorKind, ProviderCode};
use crate::secret::{AuthorizationCode, CodeVerifier, Nonce, State};

/// Longest response, `code` and `state`.
const MAX_RESPONSE_LEN: usize = 16 * 1024;
const MAX_CODE_LEN: usize = 4 * 1024;
const MAX_STATE_LEN: usize = 512;
/// Longest `device_id`: it is kept with the session.
const MAX_DEVICE_ID_LEN: usize = 512;

/// Parameters that must not occur twice ([RFC 6749 section 3.1](https://www.rfc-editor.org/rfc/rfc6749#section-3.1)).
const KNOWN: [&str; 11] = [
    "state",
    "code",
    "iss",
    "error",
    "error_description",
    "response",
    "access_token",
    "id_token",
    "token_type",
    "user",
    "device_id",
];

/// Codes by which providers say that the user or a policy said no
/// ([RFC 6749 section 4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1), OpenID Connect Core section 3.1.2.6;
/// the last two are what providers of their own habits say for "cancel").
const DENIALS: [&str; 7] = [
    "access_denied",
    "login_required",
    "interaction_required",
    "consent_required",
    "account_selection_required",
    "user_cancelled_authorize",
    "user_cancelled_login",
];

/// What a browser brought back, not believed yet.
pub struct AuthorizationResponse {
    state: State,
    code: Option<AuthorizationCode>,
    iss: Option<String>,
    error: Option<ProviderCode>,
    has_front_channel_token: bool,
    user: Option<String>,
    device_id: Option<String>,
}

impl AuthorizationResponse {
    /// Reads the query or form that a browser brought. Unknown parameters are ignored.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Malformed`] when it cannot be read, [`ErrorKind::StateInvalid`] when there is no `state`.
    pub fn parse(parameters: &[u8]) -> Result<Self, Error> {
        if parameters.len() > MAX_RESPONSE_LEN {
            return Err(malformed("the authorization response is longer than 16 KiB"));
        }
        let mut found: [Option<String>; KNOWN.len()] = [const { None }; KNOWN.len()];
        for (name, value) in form_urlencoded::parse(parameters) {
            let Some(slot) =
                KNOWN.iter().position(|known| *known == name).and_then(|i| found.get_mut(i))
            else {
                continue;
            };
            if slot.replace(value.into_owned()).is_some() {
                return Err(malformed(format!("the authorization response has two `{name}`")));
            }
        }
        let [
            state,
            code,
            iss,
            error,
            _,
            response,
            access_token,
            id_token,
            token_type,
            user,
            device_id,
        ] = found;
        if response.is_some() {
            return Err(malformed("the response is a JWT, which was not asked for"));
        }
        let Some(state) = state.filter(|s| !s.is_empty() && s.len() <= MAX_STATE_LEN) else {
            return Err(Error::new(ErrorKind::StateInvalid, "there is no usable `state`"));
        };
        if let Some(code) = &code {
            let sane = !code.is_empty() && code.len() <= MAX_CODE_LEN;
            // RFC 6749 appendix A.11: VSCHAR.
            if !sane || !code.bytes().all(|b| matches!(b, 0x20..=0x7e)) {
                return Err(malformed("the `code` is not one"));
            }
        }
        Ok(Self {
            state: State::new(state),
            code: code.map(AuthorizationCode::new),
            iss,
            error: error.map(|code| ProviderCode::parse(&code)),
            has_front_channel_token: [access_token, id_token, token_type]
                .iter()
                .any(Option::is_some),
            user,
            device_id,
        })
    }

    /// Which attempt it claims to answer.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }
}

impl fmt::Debug for AuthorizationResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationResponse")
            .field("iss", &self.iss)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

/// A code that answers an attempt of this browser at this provider. Only [`Client::authorize`] makes one.
#[derive(Debug)]
#[must_use]
pub struct AuthorizedCode {
    pub(super) code: AuthorizationCode,
    pub(super) code_verifier: Option<CodeVerifier>,
    pub(super) nonce: Option<Nonce>,
    pub(super) issuer: String,
    pub(super) state_hash: [u8; 32],
    pub(super) request: LoginRequest,
    /// What the response says of the user, unsigned.
    pub(super) user: Option<String>,
    /// The `state` that came back, and the device it came from, where token requests repeat them.
    pub(super) device: Option<(State, String)>,
}

impl Client {
    /// Checks `response` against the `attempt` it answers.
    ///
    /// The caller has consumed the attempt by its [mark](Attempt::mark): whatever comes of this, it
    /// yields at most one token request.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::StateInvalid`]: another `state`, another provider, or too late;
    /// - [`ErrorKind::IssuerMismatch`]: the response names another issuer, or none where one is promised
    ///   ([RFC 9207 section 2.4](https://www.rfc-editor.org/rfc/rfc9207#section-2.4));
    /// - [`ErrorKind::ProviderDenied`], [`ErrorKind::ProviderError`]: the provider answered with an error;
    /// - [`ErrorKind::Malformed`]: there is neither code nor error, or there are tokens.
    pub async fn authorize(
        &self,
        attempt: Attempt,
        response: AuthorizationResponse,
    ) -> Result<AuthorizedCode, Error> {
        let unbound = |reason| Err(Error::new(ErrorKind::StateInvalid, reason));
        if !attempt.matches(&response.state) {
            return unbound("the response belongs to another attempt");
        }
        if *attempt.provider != *self.provider.key {
            return unbound("the attempt was started at another provider");
        }
        if attempt.is_expired(self.environment.clock.now()) {
            return unbound("the attempt is older than ten minutes");
        }
        self.check_iss(&attempt, response.iss.as_deref()).await?;
        if attempt.registration != self.registration {
            return unbound("the application's registration changed since the attempt was started");
        }
        if let Some(code) = response.error {
            return Err(refused(code));
        }
        if response.has_front_channel_token {
            return Err(malformed("the response brings tokens, which were not asked for"));
        }
        let Some(code) = response.code else {
            return Err(malformed("the response has neither `code` nor `error`"));
        };
        let device = match response.device_id {
            _ if !self.provider.quirks.device_id => None,
            Some(id) if is_device_id(&id) => Some((response.state, id)),
            _ => return Err(malformed("the response has no usable `device_id`")),
        };
        Ok(AuthorizedCode {
            code,
            code_verifier: attempt.code_verifier,
            nonce: attempt.nonce,
            issuer: attempt.issuer,
            state_hash: attempt.state_hash,
            request: attempt.request,
            user: response.user,
            device,
        })
    }

    async fn check_iss(&self, attempt: &Attempt, iss: Option<&str>) -> Result<(), Error> {
        let metadata = self.metadata().await?;
        if metadata.issuer != attempt.issuer {
            let reason = "the provider's issuer changed since the attempt was started";
            return Err(Error::new(ErrorKind::IssuerMismatch, reason));
        }
        // Which tenant it is, the ID token will say.
        let is_expected = |iss: &str| self.provider.stands_for(&attempt.issuer, iss);
        match iss {
            Some(iss) if is_expected(iss) => Ok(()),
            Some(_) => Err(Error::new(
                ErrorKind::IssuerMismatch,
                format!("the response names an issuer other than {:?}", attempt.issuer),
            )),
            None if metadata.promises_iss => Err(Error::new(
                ErrorKind::IssuerMismatch,
                format!(
                    "{:?} promises to name itself in each response and did not",
                    attempt.issuer
                ),
            )),
            None => Ok(()),
        }
    }
}

/// Any browser can bring one: what goes on to the provider and into the session is short and plain.
fn is_device_id(text: &str) -> bool {
    let sane = !text.is_empty() && text.len() <= MAX_DEVICE_ID_LEN;
    sane && text.bytes().all(|b| matches!(b, 0x20..=0x7e))
}

fn refused(code: ProviderCode) -> Error {
    let (kind, reason) = if DENIALS.contains(&code.as_str()) {
        (ErrorKind::ProviderDenied, "the user or the provider refused the login")
    } else {
        (ErrorKind::ProviderError, "the provider answered the authorization request with an error")
    };
    Error::new(kind, reason).with_provider_code(code)
}

fn malformed(reason: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Malformed, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(parameters: &str) -> Option<ErrorKind> {
        AuthorizationResponse::parse(parameters.as_bytes()).err().map(|error| error.kind())
    }

    #[test]
    fn c30_unknown_parameters_are_ignored() {
        assert_eq!(kind("code=c&state=s&session_state=x&session_state=y&authuser=0&hd=h"), None);
    }

    #[test]
    fn c30_a_device_that_goes_on_is_short_and_plain() {
        assert!(
            is_device_id("Kj7rS4is6QVxmt5B-wlWojwRdCDLR8vt_") && is_device_id(&"d".repeat(512))
        );
        for text in ["", "a\r\nb", "\0", "\u{e4}", &"d".repeat(513)] {
            assert!(!is_device_id(text), "{text:?}");
        }
    }

    #[test]
    fn c01_without_state_there_is_nothing_to_check() {
        for parameters in ["", "code=c", "code=c&state=", &format!("state={}", "s".repeat(513))] {
            assert_eq!(kind(parameters), Some(ErrorKind::StateInvalid), "{parameters}");
        }
    }

    #[test]
    fn c15_c29_unreadable_responses() {
        for parameters in [
            "state=s&state=s&code=c",
            "state=s&code=c&code=d",
            "state=s&code=c&iss=a&iss=a",
            "state=s&error=a&error=b",
            "state=s&code=%7f",
            "state=s&code=",
            "state=s&code=%0d%0a",
            "state=s&code=%00",
            "state=s&code=%C3%A4",
            "state=s&response=jwt",
            &format!("state=s&code={}", "c".repeat(4097)),
            &format!("state=s&x={}", "c".repeat(16 * 1024)),
        ] {
            assert_eq!(kind(parameters), Some(ErrorKind::Malformed), "{parameters}");
        }
    }
}
