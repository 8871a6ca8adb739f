//! What users have granted, and the codes and tokens that stand for it.

use std::collections::HashMap;
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tower_oauth_core::Timestamp;

use super::error::OAuthError;

/// RFC 6749 section 4.1.2 allows ten minutes; a client that redeems at once needs seconds.
const CODE_LIFETIME: Duration = Duration::from_secs(60);

/// One approval by a user. Everything issued from it is revoked together.
#[derive(Clone)]
pub(super) struct Grant {
    pub(super) subject: String,
    pub(super) scope: Vec<String>,
    pub(super) auth_time: Timestamp,
    /// The claim `sid`, and the name of this grant.
    pub(super) session: String,
    pub(super) nonce: Option<String>,
}

/// What a code is bound to (RFC 6749 section 4.1.3, RFC 7636 section 4.4).
pub(super) struct CodeBinding {
    pub(super) redirect_uri: String,
    pub(super) code_challenge: String,
}

struct Code {
    session: String,
    binding: CodeBinding,
    expires_at: Timestamp,
    used: bool,
}

struct AccessToken {
    session: String,
    scope: Vec<String>,
    expires_at: Timestamp,
}

struct RefreshToken {
    session: String,
    expires_at: Timestamp,
    used: bool,
}

#[derive(Default)]
pub(super) struct Grants {
    /// By session; a revoked grant is gone.
    grants: HashMap<String, Grant>,
    codes: HashMap<String, Code>,
    access_tokens: HashMap<String, AccessToken>,
    refresh_tokens: HashMap<String, RefreshToken>,
    /// Subjects and their sessions, in the order of the logins.
    sessions: Vec<(String, String)>,
}

impl Grants {
    pub(super) fn add(&mut self, code: String, grant: Grant, binding: CodeBinding, now: Timestamp) {
        let session = grant.session.clone();
        self.sessions.push((grant.subject.clone(), session.clone()));
        self.grants.insert(session.clone(), grant);
        let expires_at = now + CODE_LIFETIME;
        self.codes.insert(code, Code { session, binding, expires_at, used: false });
    }

    /// Redeems a code; without a verifier PKCE is not looked at. Any attempt uses the code up: a wrong verifier
    /// means that it is in wrong hands.
    pub(super) fn redeem(
        &mut self,
        code: &str,
        redirect_uri: &str,
        code_verifier: Option<&str>,
        now: Timestamp,
    ) -> Result<Grant, OAuthError> {
        let unknown = OAuthError::invalid_grant("The code is unknown.");
        let code = self.codes.get_mut(code).ok_or(unknown)?;
        if std::mem::replace(&mut code.used, true) {
            self.grants.remove(&code.session);
            let description = "The code was used before. Tokens issued for it are revoked.";
            return Err(OAuthError::invalid_grant(description));
        }
        if now >= code.expires_at {
            return Err(OAuthError::invalid_grant("The code has expired."));
        }
        if code.binding.redirect_uri != redirect_uri {
            let description = "The redirect_uri is not that of the authorization request.";
            return Err(OAuthError::invalid_grant(description));
        }
        if let Some(verifier) = code_verifier {
            let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
            let expected = code.binding.code_challenge.as_bytes();
            verify_slices_are_equal(challenge.as_bytes(), expected).map_err(|_| {
                OAuthError::invalid_grant("The code_verifier does not match the code_challenge.")
            })?;
        }
        self.grants.get(&code.session).cloned().ok_or(unknown)
    }

    /// Redeems a refresh token, and uses it up if it `rotates`. `scope` narrows what the grant covers (RFC 6749 section 6).
    pub(super) fn refresh(
        &mut self,
        token: &str,
        scope: Option<&str>,
        rotates: bool,
        now: Timestamp,
    ) -> Result<(Grant, Vec<String>), OAuthError> {
        let unknown = OAuthError::invalid_grant("The refresh token is unknown or revoked.");
        let token = self.refresh_tokens.get_mut(token).ok_or(unknown)?;
        let grant = self.grants.get(&token.session).cloned().ok_or(unknown)?;
        if token.used {
            self.grants.remove(&token.session);
            let description = "The refresh token was used before. Its successors are revoked.";
            return Err(OAuthError::invalid_grant(description));
        }
        if now >= token.expires_at {
            return Err(OAuthError::invalid_grant("The refresh token has expired."));
        }
        let scope = scope.map_or_else(|| grant.scope.clone(), split_scope);
        if !scope.iter().all(|value| grant.scope.contains(value)) {
            let description = "The scope goes beyond what the user granted.";
            return Err(OAuthError::new("invalid_scope", description));
        }
        token.used = rotates;
        Ok((grant, scope))
    }

    pub(super) fn add_access_token(
        &mut self,
        token: String,
        grant: &Grant,
        scope: Vec<String>,
        expires_at: Timestamp,
    ) {
        let session = grant.session.clone();
        self.access_tokens.insert(token, AccessToken { session, scope, expires_at });
    }

    pub(super) fn add_refresh_token(
        &mut self,
        token: String,
        grant: &Grant,
        expires_at: Timestamp,
    ) {
        let session = grant.session.clone();
        self.refresh_tokens.insert(token, RefreshToken { session, expires_at, used: false });
    }

    /// The subject and scope that a valid access token stands for.
    pub(super) fn access(&self, token: &str, now: Timestamp) -> Option<(String, Vec<String>)> {
        let token = self.access_tokens.get(token).filter(|token| now < token.expires_at)?;
        let grant = self.grants.get(&token.session)?;
        Some((grant.subject.clone(), token.scope.clone()))
    }

    /// The session of the latest login of `subject`.
    pub(super) fn latest_session(&self, subject: &str) -> Option<String> {
        let mut sessions = self.sessions.iter().rev();
        sessions.find(|(of, _)| of == subject).map(|(_, session)| session.clone())
    }

    /// A refresh token takes its whole grant with it, an access token only itself (RFC 7009 section 2.1).
    pub(super) fn revoke(&mut self, token: &str) {
        if let Some(token) = self.refresh_tokens.get(token) {
            self.grants.remove(&token.session);
        }
        self.access_tokens.remove(token);
    }
}

/// The values of a `scope` parameter (RFC 6749 section 3.3).
pub(super) fn split_scope(scope: &str) -> Vec<String> {
    scope.split(' ').filter(|value| !value.is_empty()).map(str::to_owned).collect()
}
