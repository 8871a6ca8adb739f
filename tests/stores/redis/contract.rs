//! What every store promises, on each kind of server.

use tower_oauth_redis::RedisStore;
use tower_oauth_test::{ManualClock, StoreSuite};
use tower_oauth_tests::servers::RedisServer;

use super::{cluster_store, store};

#[tokio::test(flavor = "multi_thread")]
async fn p24_the_contract_on_a_single_server() {
    StoreSuite::new(async |clock: ManualClock| store("suite", &clock).await).run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p24_the_contract_on_a_cluster() {
    StoreSuite::new(async |clock: ManualClock| cluster_store("suite", &clock).await).run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p24_the_contract_over_tls() {
    let (server, certificates) = RedisServer::start_with_tls();
    let url = format!("rediss://localhost:{}", server.port());
    let open = async |clock: ManualClock| {
        RedisStore::options()
            .root_certificates(certificates.root.clone())
            .client_certificate(certificates.client.clone(), certificates.client_key.clone())
            .clock(clock)
            .connect(&url)
            .await
            .unwrap()
    };
    StoreSuite::new(open).run().await;
}
