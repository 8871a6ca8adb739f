//! HOP 8: a tower client layer that carries the token to the API, and nowhere else.

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use tower_layer::Layer;
use tower_service::Service;

use super::challenge::insufficient_scope;
use crate::extract::{AccessToken, Rejection, Tokens};

/// Carries a user's access token to an API: a layer around any HTTP client that is a tower service, made by
/// [`Tokens::bearer`].
///
/// - The token is a fresh one, refreshed ahead of its expiry.
/// - It goes to the origins that were named and to no other: a request to anywhere else fails unsent.
/// - Nothing is sent without a token.
/// - Where the API answers 401, the token is refreshed and the request sent once more. Where it cannot be, the answer
///   stands.
/// - Where the API says that a scope is missing ([RFC 6750 section 3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1)), the
///   error is a [`Rejection`] that leads to granting it.
///
/// The client must not follow redirects to other hosts with the header, as reqwest does not.
#[derive(Clone, Debug)]
pub struct BearerLayer {
    tokens: Tokens,
    provider: Arc<str>,
    origins: Arc<[String]>,
}

/// A client behind a [`BearerLayer`].
#[derive(Clone, Debug)]
pub struct BearerService<S> {
    inner: S,
    bearer: BearerLayer,
}

/// A request that could not be made with the user's token.
#[derive(Debug)]
#[non_exhaustive]
pub enum BearerError<E> {
    /// There is no token, or it lacks a scope: the rejection is the answer for the user.
    Rejected(Rejection),
    /// The request goes to an origin that was not named.
    ForeignOrigin,
    /// The client failed.
    Client(E),
}

impl Tokens {
    /// A layer that carries the token of the connection to `provider` to the APIs at `origins`, as in
    /// `https://api.github.com`. See [`BearerLayer`].
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::Request;
    /// use tower_oauth::{Rejection, Tokens};
    ///
    /// async fn repos(tokens: Tokens, http: reqwest::Client) -> Result<String, Box<dyn std::error::Error>> {
    ///     let github = tokens.bearer("github", ["https://api.github.com"]);
    ///     let request = Request::get("https://api.github.com/user/repos").body(Bytes::new())?;
    ///     let response = github.send(&http, request).await?;
    ///     Ok(response.status().to_string())
    /// }
    /// ```
    pub fn bearer<O: Into<String>>(
        &self,
        provider: &str,
        origins: impl IntoIterator<Item = O>,
    ) -> BearerLayer {
        let origins = origins.into_iter().map(Into::into).collect();
        BearerLayer { tokens: self.clone(), provider: provider.into(), origins }
    }
}

impl BearerLayer {
    /// Sends one request by `client`, whose own kind of request is made from `request`: a `reqwest::Client`, for one.
    ///
    /// # Errors
    ///
    /// When there is no token, the origin was not named, a scope is missing or the client failed.
    pub async fn send<C, R, B>(
        &self,
        client: &C,
        request: Request<Bytes>,
    ) -> Result<Response<B>, BearerError<C::Error>>
    where
        C: Service<R> + Clone,
        C::Response: Into<Response<B>>,
        R: TryFrom<Request<Bytes>, Error = C::Error>,
    {
        let send = |request| {
            let mut client = client.clone();
            async move {
                std::future::poll_fn(|context| client.poll_ready(context)).await?;
                Ok(client.call(R::try_from(request)?).await?.into())
            }
        };
        self.carry(request, send).await
    }

    async fn carry<B: Clone, RB, E, F>(
        &self,
        request: Request<B>,
        mut send: impl FnMut(Request<B>) -> F,
    ) -> Result<Response<RB>, BearerError<E>>
    where
        F: Future<Output = Result<Response<RB>, E>>,
    {
        if !self.origins.iter().any(|origin| is_origin_of(origin, request.uri())) {
            return Err(BearerError::ForeignOrigin);
        }
        let token = self.tokens.of(&self.provider).await.map_err(BearerError::Rejected)?;
        let again = request.clone();
        let mut response = send(with_token(request, &token)).await.map_err(BearerError::Client)?;
        if response.status() == StatusCode::UNAUTHORIZED
            && let Ok(newer) = self.tokens.refresh(&token).await
        {
            response = send(with_token(again, &newer)).await.map_err(BearerError::Client)?;
        }
        match insufficient_scope(response.headers()) {
            Some(scopes) => {
                Err(BearerError::Rejected(self.tokens.short_of(&self.provider, scopes)))
            }
            None => Ok(response),
        }
    }
}

impl<S> Layer<S> for BearerLayer {
    type Service = BearerService<S>;

    fn layer(&self, inner: S) -> BearerService<S> {
        BearerService { inner, bearer: self.clone() }
    }
}

impl<S, B, RB> Service<Request<B>> for BearerService<S>
where
    S: Service<Request<B>, Response = Response<RB>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    B: Clone + Send + 'static,
    RB: Send,
{
    type Response = Response<RB>;
    type Error = BearerError<S::Error>;
    type Future = Pin<Box<dyn Future<Output = Result<Response<RB>, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context).map_err(BearerError::Client)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The client that was polled ready is the one to call first; its clone is asked before the second try.
        let clone = self.inner.clone();
        let mut ready = Some(mem::replace(&mut self.inner, clone.clone()));
        let bearer = self.bearer.clone();
        Box::pin(async move {
            let send = move |request| {
                let ready = ready.take();
                let mut client = clone.clone();
                async move {
                    match ready {
                        Some(mut ready) => ready.call(request).await,
                        None => {
                            std::future::poll_fn(|context| client.poll_ready(context)).await?;
                            client.call(request).await
                        }
                    }
                }
            };
            bearer.carry(request, send).await
        })
    }
}

impl<E> BearerError<E> {
    /// What the user is answered with, if that is what stands in the way.
    pub fn rejection(self) -> Option<Rejection> {
        match self {
            Self::Rejected(rejection) => Some(rejection),
            Self::ForeignOrigin | Self::Client(_) => None,
        }
    }
}

impl<E> fmt::Display for BearerError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(rejection) => rejection.fmt(f),
            Self::ForeignOrigin => f.write_str(
                "the request goes to an origin that the token is not for; name it in `Tokens::bearer` if it is",
            ),
            Self::Client(_) => f.write_str("the HTTP client failed"),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for BearerError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Rejected(rejection) => std::error::Error::source(rejection),
            Self::ForeignOrigin => None,
            Self::Client(error) => Some(error),
        }
    }
}

/// Whether `uri` is at `origin`: scheme, host and port, the default one written or not.
fn is_origin_of(origin: &str, uri: &Uri) -> bool {
    let parts = |uri: &Uri| {
        let scheme = uri.scheme_str()?.to_ascii_lowercase();
        let default = if scheme == "https" { 443 } else { 80 };
        let authority = uri.authority()?;
        // A name and password before the host have no place in a request to an API.
        if authority.as_str().contains('@') {
            return None;
        }
        let port = authority.port_u16().unwrap_or(default);
        Some((scheme, authority.host().to_ascii_lowercase(), port))
    };
    let Ok(origin) = origin.parse::<Uri>() else { return false };
    parts(&origin).is_some() && parts(&origin) == parts(uri)
}

fn with_token<B>(mut request: Request<B>, token: &AccessToken) -> Request<B> {
    // Tokens are visible ASCII, checked when they came.
    if let Ok(mut bearer) = HeaderValue::try_from(format!("Bearer {}", token.secret())) {
        bearer.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, bearer);
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_scheme_host_and_port_are_the_same_origin() {
        for (origin, uri, expected) in [
            ("https://api.example", "https://api.example/a?b", true),
            ("https://api.example", "https://API.example:443/", true),
            ("https://api.example:443/", "https://api.example/", true),
            ("http://localhost:1", "http://localhost:1/", true),
            ("https://api.example", "http://api.example/", false),
            ("https://api.example", "https://api.example:8443/", false),
            ("https://api.example", "https://api.example.evil.example/", false),
            ("https://api.example", "https://evil.example/https://api.example", false),
            ("https://api.example", "https://api.example@evil.example/", false),
            ("https://api.example", "https://evil@api.example/", false),
            ("https://api.example", "/a", false),
            ("api.example", "https://api.example/", false),
            ("", "/", false),
        ] {
            assert_eq!(is_origin_of(origin, &uri.parse().unwrap()), expected, "{origin} {uri}");
        }
    }
}
