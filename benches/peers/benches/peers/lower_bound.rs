//! The least that a session can cost: a layer that finds the cookie, hashes the id, looks into a sharded map, and leaves
//! what is there in the extensions. No lifetimes, no lazy loading, no `Vary`, no refresh, no way to sign in or out.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::{Arc, RwLock};
use std::task::{Context, Poll};

use aws_lc_rs::digest::{SHA256, digest};
use axum::routing::get;
use axum::{Extension, Router};
use bench_guard::Subject;
use http::Request;
use http::header::COOKIE;
use tower::{Layer, Service};

use crate::sessions::Content;

const SHARDS: usize = 64;

type Shard = RwLock<HashMap<[u8; 32], Arc<Content>>>;

#[derive(Clone)]
struct Sessions(Arc<Vec<Shard>>);

#[derive(Clone)]
struct Finds<S>(S, Sessions);

pub(crate) fn subject(sessions: u32) -> Subject {
    let shards: Vec<Shard> = (0..SHARDS).map(|_| RwLock::default()).collect();
    let mut cookies = Vec::new();
    for number in 0..sessions {
        let id = format!("{number:043}");
        let key = key(id.as_bytes());
        let shard = shards.get(usize::from(key[0]) % SHARDS).unwrap();
        shard.write().unwrap().insert(key, Arc::new(Content::new(number)));
        cookies.push(format!("id={id}"));
    }
    let handler = async |Extension(content): Extension<Arc<Content>>| {
        black_box((&content.user.subject, &content.tokens.access_token));
        "ok"
    };
    let app = Router::new().route("/me", get(handler)).layer(Sessions(Arc::new(shards)));
    Subject::new("lower bound, by hand", app, cookies)
}

fn key(id: &[u8]) -> [u8; 32] {
    digest(&SHA256, id).as_ref().try_into().unwrap()
}

impl<S> Layer<S> for Sessions {
    type Service = Finds<S>;

    fn layer(&self, inner: S) -> Finds<S> {
        Finds(inner, self.clone())
    }
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for Finds<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        let cookie = request.headers().get(COOKIE);
        let id =
            cookie.and_then(|it| it.as_bytes().split(|b| *b == b';').next()?.strip_prefix(b"id="));
        if let Some(id) = id {
            let key = key(id);
            let shard = self.1.0.get(usize::from(key[0]) % SHARDS).unwrap();
            let content = shard.read().unwrap().get(&key).cloned();
            if let Some(content) = content {
                request.extensions_mut().insert(content);
            }
        }
        self.0.call(request)
    }
}
