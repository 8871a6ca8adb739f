//! What every store promises, on each kind of server.

use tower_oauth_redis::{RedisOptions, RedisStore};
use tower_oauth_test::StoreSuite;
use tower_oauth_tests::servers::{Certificates, RedisCluster, RedisServer};

use super::{cluster_store, store};

#[tokio::test(flavor = "multi_thread")]
async fn p24_the_contract_on_a_single_server() {
    StoreSuite::new(async |clock| store("suite", &clock).await)
        .unreachable(async |clock| {
            let server = RedisServer::start();
            let store = RedisStore::options().clock(clock).connect(&server.url()).await.unwrap();
            server.stop();
            store
        })
        .run()
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p24_the_contract_on_a_cluster() {
    StoreSuite::new(async |clock| cluster_store("suite", &clock).await)
        .unreachable(async |clock| {
            let cluster = RedisCluster::start();
            let options = RedisStore::options().clock(clock);
            let store = options.connect_cluster(cluster.urls()).await.unwrap();
            cluster.nodes().iter().for_each(RedisServer::stop);
            store
        })
        .run()
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p24_the_contract_over_tls() {
    let certificates = Certificates::issue();
    let server = RedisServer::start_with_tls(&certificates);
    let url = server.url().replace("redis:", "rediss:");
    let open = async |clock| options(&certificates).clock(clock).connect(&url).await.unwrap();
    StoreSuite::new(open).run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p24_the_contract_on_a_cluster_over_tls() {
    let certificates = Certificates::issue();
    let cluster = RedisCluster::start_with_tls(&certificates);
    let urls: Vec<_> = cluster.urls().iter().map(|url| url.replace("redis:", "rediss:")).collect();
    let open =
        async |clock| options(&certificates).clock(clock).connect_cluster(&urls).await.unwrap();
    StoreSuite::new(open).run().await;
}

fn options(certificates: &Certificates) -> RedisOptions {
    RedisStore::options()
        .root_certificates(certificates.root.clone())
        .client_certificate(certificates.client.clone(), certificates.client_key.clone())
}
