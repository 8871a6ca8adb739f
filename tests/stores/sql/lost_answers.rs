//! The database does what it is asked, and its answer is lost: nobody wins twice, nothing comes back.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower_oauth::session::{Mark, SessionStore, StoreKey, Swap};
use tower_oauth_sqlx::SqlStore;

use super::database::{Database, Engine, content};
use super::on;

/// Between store and server: hangs up instead of passing on the answer to what a test is after.
#[derive(Clone)]
struct Proxy {
    server: u16,
    /// Bytes of the request whose answer is to be lost.
    wanted: Arc<Mutex<Option<[u8; 32]>>>,
}

impl Proxy {
    async fn start(server: u16) -> (Self, u16) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let proxy = Self { server, wanted: Arc::default() };
        let accepting = proxy.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(accepting.clone().serve(client));
            }
        });
        (proxy, port)
    }

    fn lose_answer_to(&self, bytes: &[u8; 32]) {
        *self.wanted.lock().unwrap() = Some(*bytes);
    }

    fn was_lost(&self) -> bool {
        self.wanted.lock().unwrap().is_none()
    }

    async fn serve(self, mut client: TcpStream) {
        let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, self.server)).await.unwrap();
        let (mut request, mut answer) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
        let mut is_next = false;
        loop {
            tokio::select! {
                Ok(length @ 1..) = client.read(&mut request) => {
                    is_next |= self.is_wanted(&request[..length]);
                    server.write_all(&request[..length]).await.unwrap();
                }
                Ok(length @ 1..) = server.read(&mut answer) => {
                    if is_next || client.write_all(&answer[..length]).await.is_err() {
                        return;
                    }
                }
                else => return,
            }
        }
    }

    fn is_wanted(&self, request: &[u8]) -> bool {
        let mut wanted = self.wanted.lock().unwrap();
        let is_wanted = wanted.is_some_and(|bytes| request.windows(32).any(|part| part == bytes));
        if is_wanted {
            *wanted = None;
        }
        is_wanted
    }
}

/// A store behind a proxy.
async fn behind_proxy(database: &Database) -> (Proxy, SqlStore) {
    let url = url::Url::parse(&database.url).unwrap();
    let (proxy, port) = Proxy::start(url.port().unwrap()).await;
    let mut through = url;
    through.set_port(Some(port)).unwrap();
    let store = SqlStore::connect(through.as_str()).await.unwrap();
    let store = store.with_clock(database.clock.clone());
    (proxy, store.with_table_prefix(&database.prefix).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn p03_p10_p11_an_answer_that_is_lost() {
    on(&[Engine::Postgres, Engine::MariaDb], async |database: Database| {
        let (proxy, store) = behind_proxy(&database).await;
        let lose = |key: &StoreKey| proxy.lose_answer_to(key.as_bytes());
        let mark = Mark::from_bytes([0xA5; 32]);
        proxy.lose_answer_to(mark.as_bytes());
        let until = database.record("", 60).expires;
        assert!(!store.mark_once(&mark, until).await.unwrap(), "nobody knows, so nobody won");
        assert!(proxy.was_lost());
        assert_eq!(database.count("marks").await, 1);

        let key = database.key();
        lose(&key);
        let created = store.create(&key, database.record("one", 60)).await;
        assert!(created.unwrap_err().is_already_exists(), "the caller draws another key");
        assert!(proxy.was_lost());

        lose(&key);
        assert_eq!(content(&store, &key).await.unwrap(), b"one");
        assert!(proxy.was_lost());

        let version = store.load(&key).await.unwrap().unwrap().version;
        lose(&key);
        let swap = store.swap(&key, version, database.record("two", 60)).await.unwrap();
        assert_eq!(swap, Swap::Conflict, "the caller loads it again");
        assert!(proxy.was_lost());
        assert_eq!(content(&store, &key).await.unwrap(), b"two");

        lose(&key);
        store.delete(&key).await.unwrap();
        assert!(proxy.was_lost());
        assert_eq!(database.count("sessions").await, 0);
    })
    .await;
}
