//! The contract of a session store, on the stores of the product and of these tests.

use std::sync::{Arc, OnceLock};

use tower_oauth::MemoryStore;
use tower_oauth_test::{ManualClock, StoreSuite};
use tower_oauth_tests::BytesStore;

#[tokio::test(flavor = "multi_thread")]
async fn p10_p11_p16_p19_u13_the_memory_store_keeps_the_contract() {
    let store = OnceLock::new();
    let open = async |clock: ManualClock| {
        Arc::clone(store.get_or_init(|| Arc::new(MemoryStore::new(Arc::new(clock)))))
    };
    StoreSuite::new(open).run().await;
}

/// Bytes, and nothing but bytes.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_bytes_keeps_the_contract() {
    let store = OnceLock::new();
    let open = async |clock: ManualClock| store.get_or_init(|| BytesStore::new(clock)).clone();
    StoreSuite::new(open).run().await;
}
