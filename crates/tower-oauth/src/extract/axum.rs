//! The extractors for axum, on axum-core alone.

use axum_core::body::Body;
use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::{AccessToken, Account, Claims, Rejection, Tokens, User};

impl<S: Send + Sync> FromRequestParts<S> for User {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        Self::required_from_parts(parts).await
    }
}

/// `None` when nobody is signed in. A store's failure is a rejection, not `None`.
impl<S: Send + Sync> OptionalFromRequestParts<S> for User {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Rejection> {
        Self::from_parts(parts).await
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Claims<T> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        Self::from_parts(parts).await
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Account<T> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        Self::required_from_parts(parts).await
    }
}

/// `None` when nobody is signed in. A store's failure is a rejection, not `None`.
impl<S: Send + Sync, T: DeserializeOwned> OptionalFromRequestParts<S> for Account<T> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Rejection> {
        Self::from_parts(parts).await
    }
}

impl<S: Send + Sync> FromRequestParts<S> for AccessToken {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        Self::from_parts(parts).await
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Tokens {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        Self::from_parts(parts).await
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        Self::into_response::<Body>(self)
    }
}
