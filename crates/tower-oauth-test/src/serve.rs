//! The provider on a real socket, for browsers and for clients that bring their own transport.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Interval;

use crate::provider::{Delivery, FakeProvider, FakeProviderBuilder};

/// More than any form or token needs.
const MAX_REQUEST_BODY: usize = 1 << 20;

impl FakeProvider {
    /// Serves HTTP/1.1 on `listener` until the future is dropped, which also closes every connection.
    ///
    /// Here the delay of an [`Answer`](crate::Answer) takes real time. The issuer must be the address under
    /// which clients reach the listener; [`FakeProviderBuilder::bind_loopback`] sees to that.
    pub async fn serve(self, listener: TcpListener) {
        let mut connections = JoinSet::new();
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    connections.spawn(serve_connection(self.clone(), stream));
                }
                // Out of file descriptors, most likely: some may be free in a moment.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
            while connections.try_join_next().is_some() {}
        }
    }
}

impl FakeProviderBuilder {
    /// Binds a free port of 127.0.0.1, makes `http://127.0.0.1:<port>` the issuer and serves the provider
    /// there until the returned handle is dropped.
    ///
    /// Remember [`clock`](Self::clock): an application that reads the system's time will not accept the
    /// tokens of a provider whose clock stands still.
    ///
    /// # Errors
    ///
    /// If no port can be bound.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime with I/O and time enabled.
    pub async fn bind_loopback(self) -> io::Result<Served> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let provider = self.issuer(format!("http://{}", listener.local_addr()?)).build();
        let task = tokio::spawn(provider.clone().serve(listener));
        Ok(Served { provider, task })
    }
}

/// A provider that is being served. Dropping it stops the server.
#[derive(Debug)]
#[must_use = "dropping it stops the server"]
pub struct Served {
    provider: FakeProvider,
    task: JoinHandle<()>,
}

impl Served {
    /// The provider, to steer it and to see what it was asked.
    #[must_use]
    pub const fn provider(&self) -> &FakeProvider {
        &self.provider
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Why a connection is closed without a response.
#[derive(Debug)]
struct Closed;

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("closed on purpose")
    }
}

impl std::error::Error for Closed {}

async fn serve_connection(provider: FakeProvider, stream: TcpStream) {
    let service = service_fn(move |request| exchange(provider.clone(), request));
    // An error is the client's going away, or a connection broken on purpose.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn exchange(
    provider: FakeProvider,
    request: Request<Incoming>,
) -> Result<Response<MaybeCutOff>, Closed> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, MAX_REQUEST_BODY).collect().await.map_err(|_| Closed)?;
    let outcome = provider.respond(&Request::from_parts(parts, body.to_bytes()));
    tokio::time::sleep(outcome.delay).await;
    match outcome.delivery {
        Delivery::Whole(response) => {
            Ok(response.map(|body| MaybeCutOff::whole(body).dripping(outcome.drip)))
        }
        Delivery::CutOff(response, sent) => {
            Ok(response.map(|body| MaybeCutOff::after(&body, sent).dripping(outcome.drip)))
        }
        Delivery::Never => match std::future::pending::<Infallible>().await {},
        Delivery::Refused => Err(Closed),
    }
}

/// A response body that may come byte by byte and may break off.
struct MaybeCutOff {
    /// Announced as the length, so that the client notices.
    announced: u64,
    data: Option<Bytes>,
    /// Ticks when the next byte may go.
    drip: Option<Interval>,
    end: End,
}

enum End {
    Complete,
    /// Fails once what came before has been written to the socket.
    BreakAfterFlush,
    Break,
}

impl MaybeCutOff {
    fn whole(body: Bytes) -> Self {
        let announced = body.len() as u64;
        let data = Some(body).filter(|it| !it.is_empty());
        Self { announced, data, drip: None, end: End::Complete }
    }

    fn after(body: &Bytes, sent: usize) -> Self {
        let sent = sent.min(body.len());
        // One more than is sent, so that even a body of full length breaks off.
        let announced = body.len().max(sent.saturating_add(1)) as u64;
        let data = Some(body.slice(..sent)).filter(|it| !it.is_empty());
        Self { announced, data, drip: None, end: End::BreakAfterFlush }
    }

    fn dripping(mut self, pause: Duration) -> Self {
        self.drip = (!pause.is_zero()).then(|| tokio::time::interval(pause));
        self
    }
}

impl Body for MaybeCutOff {
    type Data = Bytes;
    type Error = Closed;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Closed>>> {
        if self.data.is_some()
            && let Some(drip) = &mut self.drip
        {
            ready!(drip.poll_tick(context));
        }
        if let Some(mut data) = self.data.take() {
            let rest = if self.drip.is_some() { data.split_off(1) } else { Bytes::new() };
            self.data = Some(rest).filter(|it| !it.is_empty());
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        match self.end {
            End::Complete => Poll::Ready(None),
            End::BreakAfterFlush => {
                self.end = End::Break;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            End::Break => Poll::Ready(Some(Err(Closed))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none() && matches!(self.end, End::Complete)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::{Answer, Endpoint, Signing};

    /// Everything that comes back over one connection.
    async fn exchange(served: &Served, endpoint: Endpoint) -> String {
        let url = url::Url::parse(&served.provider().url(endpoint)).unwrap();
        let address = (url.host_str().unwrap(), url.port().unwrap());
        let mut stream = TcpStream::connect(address).await.unwrap();
        let path = url.path();
        let request = format!("GET {path} HTTP/1.1\r\nhost: op\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut received = String::new();
        stream.read_to_string(&mut received).await.unwrap();
        received
    }

    async fn served() -> Served {
        FakeProvider::builder().signing(Signing::Es256).bind_loopback().await.unwrap()
    }

    #[tokio::test]
    async fn serves_under_the_issuer_it_announces() {
        let served = served().await;
        let received = exchange(&served, Endpoint::Metadata).await;
        let (head, body) = received.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        let metadata: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(metadata["issuer"], served.provider().issuer());
        assert!(served.provider().issuer().starts_with("http://127.0.0.1:"));
        assert_eq!(served.provider().requests_to(Endpoint::Metadata).len(), 1);
    }

    #[tokio::test]
    async fn breaks_off_after_the_bytes_asked_for() {
        let served = served().await;
        let answer = || Answer::status(200).body("0123456789");
        for (sent, expected) in [(0, ""), (4, "0123"), (10, "0123456789"), (99, "0123456789")] {
            served.provider().answer(Endpoint::Jwks, answer().cut_off_after(sent));
            let received = exchange(&served, Endpoint::Jwks).await;
            let (head, body) = received.split_once("\r\n\r\n").unwrap();
            assert_eq!(body, expected);
            let length = if sent < 10 { "10" } else { "11" };
            assert!(head.contains(&format!("content-length: {length}")), "{head}");
        }
    }

    #[tokio::test]
    async fn closes_without_a_response_when_refused() {
        let served = served().await;
        served.provider().answer(Endpoint::Jwks, Answer::refused());
        assert_eq!(exchange(&served, Endpoint::Jwks).await, "");
    }

    #[tokio::test(start_paused = true)]
    async fn delays_take_time_and_never_is_forever() {
        let served = served().await;
        let start = tokio::time::Instant::now();
        served.provider().answer(Endpoint::Jwks, Answer::correct().delay(Duration::from_secs(30)));
        assert!(exchange(&served, Endpoint::Jwks).await.starts_with("HTTP/1.1 200"));
        assert!(start.elapsed() >= Duration::from_secs(30));
        let dripping = Answer::status(200).body("0123456789").drip(Duration::from_secs(10));
        served.provider().answer(Endpoint::Jwks, dripping);
        assert!(exchange(&served, Endpoint::Jwks).await.ends_with("\r\n\r\n0123456789"));
        assert!(start.elapsed() >= Duration::from_secs(120));
        served.provider().answer(Endpoint::Jwks, Answer::never());
        let waiting = exchange(&served, Endpoint::Jwks);
        assert!(tokio::time::timeout(Duration::from_secs(3600), waiting).await.is_err());
    }

    #[tokio::test]
    async fn stops_when_dropped() {
        let served = served().await;
        let address = served.provider().issuer().trim_start_matches("http://").to_owned();
        TcpStream::connect(&address).await.unwrap();
        drop(served);
        while TcpStream::connect(&address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }
}
