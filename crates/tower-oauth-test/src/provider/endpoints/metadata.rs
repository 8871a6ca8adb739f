//! What the provider says about itself (OpenID Connect Discovery section 3, RFC 8414 section 2).

use serde_json::{Value, json};

use crate::provider::{Endpoint, FakeProvider, Signing};

impl FakeProvider {
    pub(super) fn metadata(&self) -> Value {
        // Discovery demands RS256 in the list whatever the provider signs with.
        let algorithms = match self.signing() {
            Signing::Rs256 => vec!["RS256"],
            other => vec!["RS256", other.alg()],
        };
        json!({
            "issuer": self.issuer(),
            "authorization_endpoint": self.url(Endpoint::Authorization),
            "token_endpoint": self.url(Endpoint::Token),
            "userinfo_endpoint": self.url(Endpoint::UserInfo),
            "jwks_uri": self.url(Endpoint::Jwks),
            "revocation_endpoint": self.url(Endpoint::Revocation),
            "end_session_endpoint": self.url(Endpoint::EndSession),
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "form_post"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": algorithms,
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "revocation_endpoint_auth_methods_supported":
                ["client_secret_basic", "client_secret_post"],
            "claims_supported": [
                "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid", "name",
                "given_name", "family_name", "preferred_username", "picture", "locale", "email",
                "email_verified",
            ],
            "prompt_values_supported": ["none", "login", "consent", "select_account"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": true,
            "backchannel_logout_supported": true,
            "backchannel_logout_session_supported": true,
            "frontchannel_logout_supported": true,
            "frontchannel_logout_session_supported": true,
            "claims_parameter_supported": false,
            "request_parameter_supported": false,
            "request_uri_parameter_supported": false,
        })
    }
}
