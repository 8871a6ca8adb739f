//! The authorization endpoint: shows who can sign in, then sends the browser back with a code.

use bytes::Bytes;
use http::{Response, StatusCode};
use tower_oauth_core::RandomUnavailable;

use super::authorization_request::{AuthorizationRequest, ReplyTo};
use crate::provider::error::OAuthError;
use crate::provider::grants::{CodeBinding, Grant};
use crate::provider::page::Choice;
use crate::provider::{Endpoint, FakeProvider, Parameters, TestUser, page};

/// What the page's buttons add to the parameters of the authorization request.
const SUBJECT: &str = "subject";
const DECISION: &str = "decision";

impl FakeProvider {
    pub(super) fn authorize(&self, parameters: &Parameters) -> Response<Bytes> {
        let (reply_to, request) = match self.read_authorization_request(parameters) {
            Ok(request) => request,
            Err(refusal) => return *refusal,
        };
        match self.approving_user() {
            Some(user) => self.approve(&reply_to, request, user),
            None if request.silent => {
                reply_to.refuse(OAuthError::new("login_required", "Nobody is signed in."))
            }
            None => self.show_choices(&reply_to, &request, parameters),
        }
    }

    /// Takes the page's form. It is checked like the request itself: the fields passed through a browser.
    pub(super) fn decide(&self, form: &Parameters) -> Response<Bytes> {
        let (reply_to, request) = match self.read_authorization_request(form) {
            Ok(request) => request,
            Err(refusal) => return *refusal,
        };
        if form.value(DECISION) == Some("cancel") {
            return reply_to.refuse(OAuthError::new("access_denied", "The user cancelled."));
        }
        let chosen = form.value(SUBJECT).unwrap_or_default();
        match self.users().iter().find(|user| user.subject() == chosen) {
            Some(user) => self.approve(&reply_to, request, user),
            None => {
                let text = "Go back and choose one of the accounts.";
                page::message(StatusCode::BAD_REQUEST, "There is no such account", text)
            }
        }
    }

    fn show_choices(
        &self,
        reply_to: &ReplyTo,
        request: &AuthorizationRequest,
        parameters: &Parameters,
    ) -> Response<Bytes> {
        let mut users: Vec<_> = self.users().iter().collect();
        let hint = request.login_hint.as_deref();
        // Stable: the hinted user comes first, the others keep their order.
        users.sort_by_key(|user| !hint.is_some_and(|hint| user.is_called(hint)));
        let choices: Vec<_> = users
            .into_iter()
            .map(|user| Choice {
                subject: user.subject(),
                name: user.display_name(),
                detail: user.detail(),
            })
            .collect();
        let scope: Vec<_> = request.scope.iter().map(String::as_str).collect();
        let kept: Vec<_> =
            parameters.iter().filter(|(name, _)| ![SUBJECT, DECISION].contains(name)).collect();
        let action = self.path(Endpoint::Decision);
        page::choose(self.client_id(), &reply_to.redirect_uri, &scope, &action, &kept, &choices)
    }

    fn approve(
        &self,
        reply_to: &ReplyTo,
        request: AuthorizationRequest,
        user: &TestUser,
    ) -> Response<Bytes> {
        match self.issue_code(reply_to, request, user) {
            Ok(code) => reply_to.respond(&[("code", &code)]),
            Err(error) => reply_to.refuse(error.into()),
        }
    }

    fn issue_code(
        &self,
        reply_to: &ReplyTo,
        request: AuthorizationRequest,
        user: &TestUser,
    ) -> Result<String, RandomUnavailable> {
        let code = self.draw_token()?;
        let now = self.now();
        let grant = Grant {
            subject: user.subject().to_owned(),
            scope: request.scope,
            // Every approval is a login of its own, so any max_age is met.
            auth_time: now,
            session: self.draw_token()?,
            nonce: request.nonce,
        };
        let binding = CodeBinding {
            redirect_uri: reply_to.redirect_uri_text.clone(),
            code_challenge: request.code_challenge,
        };
        self.grants().add(code.clone(), grant, binding, now);
        Ok(code)
    }
}
