//! What connecting asks for, and what it says when it cannot be had.

use ::redis::Value;
use tower_oauth::ConfigError;
use tower_oauth_redis::RedisStore;
use tower_oauth_test::{ManualClock, StoreSuite};
use tower_oauth_tests::Captured;
use tower_oauth_tests::servers::{Certificates, RedisServer, free_port};

use super::{cluster, server};

/// The rights that the documentation lists, and no other.
const RIGHTS: [&str; 14] = [
    "~tower-oauth:*",
    "+get",
    "+getrange",
    "+set",
    "+del",
    "+eval",
    "+evalsha",
    "+zadd",
    "+zrange",
    "+zremrangebyscore",
    "+pttl",
    "+pexpire",
    "+ping",
    "+cluster|slots",
];

fn problem(result: Result<RedisStore, ConfigError>) -> String {
    result.unwrap_err().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_rights_are_enough() {
    let servers = RedisServer::start();
    let user = [["ACL", "SETUSER", "app", "on", ">secret"].as_slice(), &RIGHTS].concat();
    assert_eq!(servers.query(&user), Value::Okay);
    let url = format!("redis://app:secret@127.0.0.1:{}", servers.port());
    let open =
        async |clock: ManualClock| RedisStore::options().clock(clock).connect(&url).await.unwrap();
    StoreSuite::new(open).run().await;
    assert_eq!(servers.query(&["ACL", "SETUSER", "app", "-evalsha"]), Value::Okay);
    let said = problem(RedisStore::connect(&url).await);
    assert!(said.contains("NOPERM: its user lacks a right"), "{said}");
}

#[tokio::test]
async fn a_url_that_cannot_be_used_says_why() {
    let (server, locked) = (server(), RedisServer::start_with(&["--requirepass", "secret"]));
    let address = format!("127.0.0.1:{}", server.port());
    let locked = format!("127.0.0.1:{}", locked.port());
    let nobody = format!("127.0.0.1:{}", free_port());
    let node = cluster().nodes()[0].url();
    for (url, expected) in [
        ("127.0.0.1:6379".to_owned(), "it looks like rediss://"),
        (format!("http://{address}"), "it looks like rediss://"),
        (format!("redis://{address}/99"), "have the database of the URL"),
        (format!("redis://{address}/x"), "Invalid database number"),
        (format!("redis://{nobody}"), "Connection refused"),
        (format!("redis://{locked}"), "NOAUTH: it wants a password"),
        (format!("redis://:wrong@{locked}"), "refuses the user or password"),
        (format!("rediss://{address}#insecure"), "RedisOptions::root_certificates"),
        (node, "RedisStore::connect_cluster"),
    ] {
        let said = problem(RedisStore::connect(&url).await);
        assert!(said.starts_with("Redis URL: ") && said.contains(expected), "{url}: {said}");
    }
    let said = problem(RedisStore::connect_cluster([server.url()]).await);
    assert!(said.contains("be a cluster for connect_cluster"), "{said}");
    let said = problem(RedisStore::connect_cluster([format!("redis://{nobody}")]).await);
    assert!(said.contains(&format!("{nobody}: Connection refused")), "{said}");
    let none: [&str; 0] = [];
    let said = problem(RedisStore::connect_cluster(none).await);
    assert!(said.contains("Initial nodes can't be empty"), "{said}");
}

#[tokio::test]
async fn certificates_are_checked() {
    let certificates = Certificates::issue();
    let server = RedisServer::start_with_tls(&certificates);
    let url = server.url().replace("redis:", "rediss:");
    let client = (certificates.client.clone(), certificates.client_key.clone());
    let shown = || RedisStore::options().client_certificate(client.0.clone(), client.1.clone());
    let trusting = || RedisStore::options().root_certificates(certificates.root.clone());

    let said = problem(shown().connect(&url).await);
    assert!(said.contains("UnknownIssuer"), "not a root of the system's: {said}");
    let other = shown().root_certificates(certificates.client.clone());
    let said = problem(other.connect(&url).await);
    assert!(said.contains("UnknownIssuer"), "not that root: {said}");
    let both = trusting().client_certificate(client.0.clone(), client.1.clone());
    let said = problem(both.clone().connect(&url.replace("127.0.0.1", "localhost")).await);
    assert!(said.contains("not valid for name"), "another host: {said}");
    assert!(trusting().connect(&url).await.is_err(), "the server asks for a certificate");
    assert!(both.connect(&url).await.is_ok());

    let said = problem(trusting().connect(&server.url()).await);
    assert!(said.contains("take rediss://"), "{said}");
    let said = problem(RedisStore::options().root_certificates("none").connect(&url).await);
    assert!(said.starts_with("root certificates: hold no certificate"), "{said}");
    let said = problem(RedisStore::options().client_certificate("x", "y").connect(&url).await);
    assert!(said.contains("private key"), "{said}");
}

#[tokio::test]
async fn a_unix_socket_will_do() {
    let server = RedisServer::start_with_tls(&Certificates::issue());
    let store = RedisStore::connect(&server.socket_url()).await.unwrap();
    assert!(format!("{store:?}").contains("socket"));
}

#[tokio::test]
async fn p22_a_server_that_drops_what_has_not_ended_is_warned_of() {
    for (policy, warnings) in [("volatile-ttl", 1), ("noeviction", 0)] {
        let memory = ["--maxmemory", "100mb", "--maxmemory-policy", policy];
        let (server, captured) = (RedisServer::start_with(&memory), Captured::default());
        let guard = captured.listen(tracing::Level::WARN);
        assert!(RedisStore::connect(&server.url()).await.is_ok());
        assert_eq!(captured.count(&["maxmemory-policy", policy, "noeviction"]), warnings);
        drop(guard);
    }
}
