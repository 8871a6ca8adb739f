//! A network in which refreshes stop at a gate, on their way to the provider or back.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use tokio::sync::{Semaphore, watch};
use tower_oauth_core::{HttpClient, HttpError, Limits};

/// Holds requests that present a refresh token until the test opens it. Clones are the same gate.
#[derive(Clone)]
pub struct Gate {
    network: Arc<dyn HttpClient>,
    on_the_way_back: bool,
    open: Arc<Semaphore>,
    waiting: watch::Sender<usize>,
    most: Arc<AtomicUsize>,
}

impl Gate {
    /// A gate in front of the provider: what it holds has not arrived.
    #[must_use]
    pub fn before(network: Arc<dyn HttpClient>) -> Self {
        let open = Arc::new(Semaphore::new(0));
        Self {
            network,
            on_the_way_back: false,
            open,
            waiting: watch::Sender::new(0),
            most: Arc::default(),
        }
    }

    /// A gate behind the provider: what it holds has been answered, and nobody knows.
    #[must_use]
    pub fn behind(network: Arc<dyn HttpClient>) -> Self {
        Self { on_the_way_back: true, ..Self::before(network) }
    }

    /// Lets everything through from now on.
    pub fn open(&self) {
        self.open.close();
    }

    /// How many requests it holds.
    #[must_use]
    pub fn waiting(&self) -> usize {
        *self.waiting.borrow()
    }

    /// Waits until it holds a request.
    ///
    /// # Panics
    ///
    /// If none comes for half a minute.
    pub async fn holds_one(&self) {
        let mut waiting = self.waiting.subscribe();
        let arrival = waiting.wait_for(|count| *count > 0);
        let arrived = tokio::time::timeout(Duration::from_secs(30), arrival).await;
        assert!(arrived.is_ok(), "no request comes to the gate");
    }

    /// The most it ever held at a time.
    #[must_use]
    pub fn most_waiting(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    async fn pass(&self) {
        self.waiting.send_modify(|count| {
            *count += 1;
            self.most.fetch_max(*count, Ordering::SeqCst);
        });
        // There are no permits: it ends when the gate opens.
        let _ = self.open.acquire().await;
        self.waiting.send_modify(|count| *count -= 1);
    }
}

#[async_trait]
impl HttpClient for Gate {
    async fn send(
        &self,
        request: Request<Bytes>,
        limits: Limits,
    ) -> Result<Response<Bytes>, HttpError> {
        let marker = b"grant_type=refresh_token";
        if !request.body().windows(marker.len()).any(|window| window == marker) {
            return self.network.send(request, limits).await;
        }
        if !self.on_the_way_back {
            self.pass().await;
        }
        let answer = self.network.send(request, limits).await;
        if self.on_the_way_back {
            self.pass().await;
        }
        answer
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("waiting", &self.waiting()).finish_non_exhaustive()
    }
}
