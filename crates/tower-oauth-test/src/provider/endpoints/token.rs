//! The token endpoint (RFC 6749 section 3.2): redeems codes and refresh tokens.

use aws_lc_rs::digest::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Map, Value};

use crate::provider::error::OAuthError;
use crate::provider::grants::Grant;
use crate::provider::{FakeProvider, ID_TOKEN_LIFETIME, Parameters, reply};

impl FakeProvider {
    pub(super) fn token(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let issued = self.client_form(request).and_then(|form| match form.value("grant_type") {
            Some("authorization_code") => self.redeem_code(&form),
            Some("refresh_token") => self.redeem_refresh_token(&form),
            Some(_) => {
                let description = "The grant_type is authorization_code or refresh_token.";
                Err(OAuthError::new("unsupported_grant_type", description))
            }
            None => Err(OAuthError::invalid_request("The grant_type is missing.")),
        });
        match issued {
            Ok(body) => {
                let mut response = reply::json(StatusCode::OK, &body);
                reply::forbid_storing(&mut response);
                response
            }
            Err(error) => error.response(),
        }
    }

    /// RFC 6749 section 4.1.3 with RFC 7636 section 4.5.
    fn redeem_code(&self, form: &Parameters) -> Result<Value, OAuthError> {
        let code = form.value("code").ok_or(OAuthError::invalid_request("The code is missing."))?;
        let redirect_uri = form
            .value("redirect_uri")
            .ok_or(OAuthError::invalid_request("The redirect_uri is missing."))?;
        let verifier = match form.value("code_verifier") {
            _ if self.ignores_pkce() => None,
            None => return Err(OAuthError::invalid_request("The code_verifier is missing.")),
            verifier => verifier,
        };
        let grant = self.grants().redeem(code, redirect_uri, verifier, self.now())?;
        self.issue_tokens(&grant, grant.scope.clone(), grant.nonce.as_deref(), true)
    }

    /// RFC 6749 section 6 with the rotation of RFC 9700 section 4.14.2.
    fn redeem_refresh_token(&self, form: &Parameters) -> Result<Value, OAuthError> {
        let token = form
            .value("refresh_token")
            .ok_or(OAuthError::invalid_request("The refresh_token is missing."))?;
        let rotates = self.rotates_refresh_tokens();
        let scope = form.value("scope");
        let (grant, scope) = self.grants().refresh(token, scope, rotates, self.now())?;
        // The nonce belongs to the login, not to a refresh (OpenID Connect Core section 12.2).
        self.issue_tokens(&grant, scope, None, rotates)
    }

    fn issue_tokens(
        &self,
        grant: &Grant,
        scope: Vec<String>,
        nonce: Option<&str>,
        new_refresh_token: bool,
    ) -> Result<Value, OAuthError> {
        let now = self.now();
        let lifetimes = self.lifetimes();
        let access_token = self.draw_token()?;
        let mut body = Map::new();
        let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
        set("access_token", access_token.as_str().into());
        set("token_type", "Bearer".into());
        set("expires_in", lifetimes.access_token.as_secs().into());
        set("scope", scope.join(" ").into());
        if scope.iter().any(|value| value == "openid") {
            let claims = self.id_token_claims(grant, &scope, nonce, &access_token);
            set("id_token", self.sign_id_token(claims).into());
        }
        let mut grants = self.grants();
        // Asked of the grant, not of a narrowed scope: a refresh must not lose the refresh token.
        if new_refresh_token && grant.scope.iter().any(|value| value == "offline_access") {
            let refresh_token = self.draw_token()?;
            set("refresh_token", refresh_token.as_str().into());
            grants.add_refresh_token(refresh_token, grant, now + lifetimes.refresh_token);
        }
        grants.add_access_token(access_token, grant, scope, now + lifetimes.access_token);
        Ok(Value::Object(body))
    }

    /// OpenID Connect Core sections 2 and 3.1.3.6.
    fn id_token_claims(
        &self,
        grant: &Grant,
        scope: &[String],
        nonce: Option<&str>,
        access_token: &str,
    ) -> Map<String, Value> {
        let user = self.users().iter().find(|user| user.subject() == grant.subject);
        let mut claims = match user {
            Some(user) if self.puts_claims_in_id_token() => user.released_for(scope),
            _ => Map::new(),
        };
        let now = self.now();
        let hash = digest(self.signing().hash(), access_token.as_bytes());
        let half = hash.as_ref().split_at(hash.as_ref().len() / 2).0;
        let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        set("iss", self.issuer().into());
        set("sub", grant.subject.as_str().into());
        set("aud", self.client_id().into());
        set("iat", now.unix_seconds().into());
        set("exp", (now + ID_TOKEN_LIFETIME).unix_seconds().into());
        set("auth_time", grant.auth_time.unix_seconds().into());
        set("sid", grant.session.as_str().into());
        set("at_hash", URL_SAFE_NO_PAD.encode(half).into());
        if let Some(nonce) = nonce {
            set("nonce", nonce.into());
        }
        claims
    }
}
