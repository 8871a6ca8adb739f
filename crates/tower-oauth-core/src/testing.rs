//! Doubles for this crate's unit tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Map;

use crate::clock::Timestamp;
use crate::identity::{EmailTrust, Identity};
use crate::random::{Random, RandomUnavailable};
use crate::return_to::ReturnTo;
use crate::secret::sha256;
use crate::session::{Connection, LoginMark, Session, TokenSet};

/// Distinct bytes on every call, the same in every run.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Random for Counter {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomUnavailable> {
        for chunk in bytes.chunks_mut(32) {
            let block = sha256(&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}

/// A good secret, the same for the same name.
pub(crate) fn secret(name: &str) -> [u8; 32] {
    sha256(name.as_bytes())
}

/// A session of the least content.
pub(crate) fn session() -> Session {
    let identity =
        Identity::new("https://op".into(), "s".into(), None, Map::new(), EmailTrust::Unknown);
    let tokens = TokenSet {
        access_token: "t".to_owned().into(),
        obtained: Timestamp::from_unix_seconds(0),
        expires: None,
        refresh_token: None,
        refresh_not_before: None,
        id_token: None,
        scopes: Arc::default(),
    };
    Session {
        created: Timestamp::from_unix_seconds(0),
        expires: Timestamp::from_unix_seconds(1000),
        connection: Arc::new(Connection {
            provider: "op".into(),
            identity,
            tokens,
            login: LoginMark::new(&[0; 32], ReturnTo::parse("/", "/auth").unwrap()),
            requested_scopes: Arc::default(),
            nonce: None,
            device_id: None,
        }),
        connected: Vec::new(),
        tenant: None,
        account: None,
    }
}
