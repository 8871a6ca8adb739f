//! What stands in front of replicas: one address, and whoever is next gets the request.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, Request, Response, StatusCode};
use tower_oauth::ReqwestClient;
use tower_oauth_core::{HttpClient, HttpError, Limits};

/// Takes the requests to the public address; all others go where they say.
#[derive(Debug)]
pub(crate) struct Balancer {
    base_url: String,
    replicas: Vec<String>,
    client: ReqwestClient,
    /// The number of the only one that gets requests, or [`IN_TURN`].
    chosen: AtomicUsize,
    next: AtomicUsize,
    under_way: AtomicUsize,
}

const IN_TURN: usize = usize::MAX;

impl Balancer {
    pub(crate) fn new(base_url: String, replicas: Vec<String>) -> Self {
        Self {
            base_url,
            replicas,
            client: ReqwestClient::new(&[]).unwrap(),
            chosen: AtomicUsize::new(IN_TURN),
            next: AtomicUsize::new(0),
            under_way: AtomicUsize::new(0),
        }
    }

    /// From now on this one gets all requests.
    pub(crate) fn choose(&self, replica: usize) {
        self.chosen.store(replica, Ordering::SeqCst);
    }

    /// From now on each gets the next request, beginning with the first.
    pub(crate) fn in_turn(&self) {
        self.next.store(0, Ordering::SeqCst);
        self.chosen.store(IN_TURN, Ordering::SeqCst);
    }

    /// How many requests wait for their answer.
    pub(crate) fn under_way(&self) -> usize {
        self.under_way.load(Ordering::SeqCst)
    }

    fn replica(&self) -> &str {
        let chosen = match self.chosen.load(Ordering::SeqCst) {
            IN_TURN => self.next.fetch_add(1, Ordering::SeqCst) % self.replicas.len(),
            chosen => chosen,
        };
        self.replicas.get(chosen).unwrap()
    }
}

#[async_trait]
impl HttpClient for Balancer {
    async fn send(
        &self,
        mut request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<Bytes>, HttpError> {
        let target = request.uri().to_string();
        let Some(path) = target.strip_prefix(&self.base_url) else {
            return self.client.send(request, limits).await;
        };
        let host = request.uri().authority().unwrap().as_str();
        let host = HeaderValue::try_from(host).unwrap();
        request.headers_mut().insert(HOST, host);
        *request.uri_mut() = format!("{}{path}", self.replica()).parse().unwrap();
        self.under_way.fetch_add(1, Ordering::SeqCst);
        let answer = self.client.send(request, limits).await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        Ok(answer.unwrap_or_else(|_| {
            let mut answer = Response::default();
            *answer.status_mut() = StatusCode::BAD_GATEWAY;
            answer
        }))
    }
}
