//! A login without axum: hyper, a tower service, and the layer around it.
//!
//! `cargo run -p plain-tower`, then open <http://localhost:3000>. The provider runs in the same process.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::{Layer, service_fn};
use tower_oauth::{Auth, SystemClock, User, providers};
use tower_oauth_test::FakeProvider;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let provider =
        FakeProvider::builder().clock(Arc::new(SystemClock::default())).bind_loopback().await?;
    let op = provider.provider();
    let auth = Auth::builder("http://localhost:3000")
        .provider(providers::oidc(op.issuer(), op.client_id(), op.client_secret()))
        .build()?;
    let service = auth.layer().layer(service_fn(greet));
    let listener = TcpListener::bind("localhost:3000").await?;
    loop {
        let (stream, _) = listener.accept().await?;
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// Greets whoever asks; a path that starts with `/private` is for those who are signed in.
async fn greet(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, _) = request.into_parts();
    let user = if parts.uri.path().starts_with("/private") {
        User::required_from_parts(&parts).await.map(Some)
    } else {
        User::from_parts(&parts).await
    };
    Ok(match user {
        Ok(Some(user)) => Response::new(format!("Hello, {}!", user.display_name()).into()),
        Ok(None) => Response::new("Hello, stranger! There is more at /private.".into()),
        Err(rejection) => rejection.into_response(),
    })
}
