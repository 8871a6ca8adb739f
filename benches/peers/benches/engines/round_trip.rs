//! The least that a session on a server can cost: the layer of the lower bound with one round trip in it, by the client
//! that our store has, and the content as plain JSON. Nothing sealed, no lifetimes, no deadline, no healing.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bench_guard::Subject;
use http::Request;
use http::header::COOKIE;
use redis::AsyncCommands as _;
use redis::aio::MultiplexedConnection;
use tower::{Layer, Service};
use tower_oauth_sqlx::sqlx::{self, PgPool, SqlitePool};

use crate::lower_bound::{self, Key};
use crate::sessions::Content;

/// The client of a server.
pub(crate) trait Engine: Clone + Send + Sync + 'static {
    async fn prepare(&self);
    async fn insert(&self, key: &Key, content: &[u8]);
    fn find(&self, key: &Key) -> impl Future<Output = Option<Vec<u8>>> + Send;
}

#[derive(Clone)]
struct Sessions<E>(E);

#[derive(Clone)]
struct Finds<S, E>(S, E);

pub(crate) async fn subject(name: String, engine: impl Engine, sessions: u32) -> Subject {
    engine.prepare().await;
    let mut cookies = Vec::new();
    for number in 0..sessions {
        let cookie = lower_bound::cookie(number);
        let content = serde_json::to_vec(&Content::new(number)).unwrap();
        engine.insert(&lower_bound::key(cookie.as_bytes()).unwrap(), &content).await;
        cookies.push(cookie);
    }
    Subject::new(name, lower_bound::app().layer(Sessions(engine)), cookies)
}

impl<S, E: Engine> Layer<S> for Sessions<E> {
    type Service = Finds<S, E>;

    fn layer(&self, inner: S) -> Self::Service {
        Finds(inner, self.0.clone())
    }
}

impl<S, B, E: Engine> Service<Request<B>> for Finds<S, E>
where
    S: Service<Request<B>, Future: Send> + Clone + Send + 'static,
    B: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let cookies = request.headers().get(COOKIE);
        let key = cookies.and_then(|cookies| lower_bound::key(cookies.as_bytes()));
        // The clone is not ready; what is ready goes with the request.
        let clone = self.0.clone();
        let mut inner = std::mem::replace(&mut self.0, clone);
        let engine = self.1.clone();
        Box::pin(async move {
            if let Some(key) = key
                && let Some(content) = engine.find(&key).await
            {
                let content: Content = serde_json::from_slice(&content).unwrap();
                request.extensions_mut().insert(Arc::new(content));
            }
            inner.call(request).await
        })
    }
}

impl Engine for MultiplexedConnection {
    async fn prepare(&self) {}

    async fn insert(&self, key: &Key, content: &[u8]) {
        self.clone().set::<_, _, ()>(key, content).await.unwrap();
    }

    async fn find(&self, key: &Key) -> Option<Vec<u8>> {
        self.clone().get(key).await.unwrap()
    }
}

impl Engine for PgPool {
    async fn prepare(&self) {
        let sql = "CREATE TABLE by_hand (session_key BYTEA PRIMARY KEY, content BYTEA NOT NULL)";
        sqlx::query(sql).execute(self).await.unwrap();
    }

    async fn insert(&self, key: &Key, content: &[u8]) {
        let sql = "INSERT INTO by_hand (session_key, content) VALUES ($1, $2)";
        sqlx::query(sql).bind(key).bind(content).execute(self).await.unwrap();
    }

    async fn find(&self, key: &Key) -> Option<Vec<u8>> {
        let sql = "SELECT content FROM by_hand WHERE session_key = $1";
        sqlx::query_scalar(sql).bind(key).fetch_optional(self).await.unwrap()
    }
}

impl Engine for SqlitePool {
    async fn prepare(&self) {
        let sql = "CREATE TABLE by_hand (session_key BLOB PRIMARY KEY, content BLOB NOT NULL)";
        sqlx::query(sql).execute(self).await.unwrap();
    }

    async fn insert(&self, key: &Key, content: &[u8]) {
        let sql = "INSERT INTO by_hand (session_key, content) VALUES (?, ?)";
        sqlx::query(sql).bind(&key[..]).bind(content).execute(self).await.unwrap();
    }

    async fn find(&self, key: &Key) -> Option<Vec<u8>> {
        let sql = "SELECT content FROM by_hand WHERE session_key = ?";
        sqlx::query_scalar(sql).bind(&key[..]).fetch_optional(self).await.unwrap()
    }
}
