//! A wire to a server that a test can cut in the ways in which wires are cut.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Forwards connections to a server.
#[derive(Clone)]
pub(super) struct Proxy {
    port: u16,
    wires: Arc<Wires>,
}

#[derive(Default)]
struct Wires {
    /// How many connections there were.
    accepted: AtomicUsize,
    /// How often something came from a client.
    questions: AtomicUsize,
    /// Connections up to this one are silent: neither forwarded nor closed.
    silent: AtomicUsize,
    /// The next answer is lost, and its connection closed.
    lose: AtomicBool,
    /// New connections get an error and are closed, as by a server that has no room.
    full: AtomicBool,
}

impl Proxy {
    pub(super) async fn start(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let wires = Arc::<Wires>::default();
        let proxy = Self { port, wires: wires.clone() };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let number = wires.accepted.fetch_add(1, SeqCst) + 1;
                tokio::spawn(wires.clone().forward(client, number, server));
            }
        });
        proxy
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(super) fn accepted(&self) -> usize {
        self.wires.accepted.load(SeqCst)
    }

    /// How many commands came, if they came one by one.
    pub(super) fn questions(&self) -> usize {
        self.wires.questions.load(SeqCst)
    }

    /// The server runs the next command, and nobody hears of it.
    pub(super) fn lose_the_next_answer(&self) {
        self.wires.lose.store(true, SeqCst);
    }

    /// The connections there are lead nowhere any more, without a word.
    pub(super) fn silence(&self) {
        self.wires.silent.store(self.accepted(), SeqCst);
    }

    /// Whether new connections are refused by an answer.
    pub(super) fn full(&self, full: bool) {
        self.wires.full.store(full, SeqCst);
        self.wires.lose.store(full, SeqCst);
    }
}

impl Wires {
    async fn forward(self: Arc<Self>, mut client: TcpStream, number: usize, server: u16) {
        let (mut from_client, mut from_server) = ([0; 65536], [0; 65536]);
        if self.full.load(SeqCst) {
            let _ = client.read(&mut from_client).await;
            let _ = client.write_all(b"-ERR max number of clients reached\r\n").await;
            return;
        }
        let Ok(mut server) = TcpStream::connect(("127.0.0.1", server)).await else { return };
        loop {
            let (sink, bytes) = tokio::select! {
                read = client.read(&mut from_client) => {
                    self.questions.fetch_add(1, SeqCst);
                    (&mut server, from_client.get(..read.unwrap_or(0)))
                }
                read = server.read(&mut from_server) => {
                    if self.lose.swap(false, SeqCst) {
                        return;
                    }
                    (&mut client, from_server.get(..read.unwrap_or(0)))
                }
            };
            let bytes = bytes.unwrap_or_default();
            if bytes.is_empty() {
                return;
            }
            if number > self.silent.load(SeqCst) && sink.write_all(bytes).await.is_err() {
                return;
            }
        }
    }
}
