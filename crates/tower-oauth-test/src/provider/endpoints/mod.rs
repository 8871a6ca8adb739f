//! The endpoints, one file each: from a request to the correct response.

mod authorization_request;
mod authorize;
mod client_authentication;
mod end_session;
mod metadata;
mod revoke;
mod token;
mod userinfo;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};

use super::{Endpoint, FakeProvider, Parameters, reply};

impl FakeProvider {
    /// The correct response of `endpoint`.
    pub(super) fn respond_correctly(
        &self,
        endpoint: Endpoint,
        request: &Request<Bytes>,
    ) -> Response<Bytes> {
        let (allowed, respond): (_, &dyn Fn() -> Response<Bytes>) = match endpoint {
            Endpoint::Metadata => ("GET", &|| reply::json(StatusCode::OK, &self.metadata())),
            Endpoint::Jwks => ("GET", &|| reply::json(StatusCode::OK, &self.jwks())),
            Endpoint::Authorization => ("GET, POST", &|| self.authorize(&parameters(request))),
            Endpoint::Decision => ("POST", &|| self.decide(&parameters(request))),
            Endpoint::Token | Endpoint::Refresh => ("POST", &|| self.token(request)),
            Endpoint::UserInfo => ("GET, POST", &|| self.userinfo(request)),
            Endpoint::Revocation => ("POST", &|| self.revoke(request)),
            Endpoint::EndSession => ("GET, POST", &|| self.end_session(&parameters(request))),
            Endpoint::Other => return reply::empty(StatusCode::NOT_FOUND),
        };
        if allowed.split(", ").any(|method| method == request.method().as_str()) {
            respond()
        } else {
            reply::method_not_allowed(allowed)
        }
    }
}

/// Whether a request to the token endpoint presents a refresh token.
pub(super) fn is_refresh(request: &Request<Bytes>) -> bool {
    Parameters::parse(request.body()).get("grant_type") == Some("refresh_token")
}

/// The parameters of a request that a browser makes as a link or as a form.
fn parameters(request: &Request<Bytes>) -> Parameters {
    if request.method() == Method::POST {
        Parameters::parse(request.body())
    } else {
        Parameters::parse(request.uri().query().unwrap_or_default().as_bytes())
    }
}
