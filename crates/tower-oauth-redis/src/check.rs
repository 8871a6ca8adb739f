//! What is asked once, after connecting: whether the server can do the work, and what it could lose.

use redis::Value;

use crate::failure::Failure;
use crate::script;
use crate::store::RedisStore;

impl RedisStore {
    /// Reads and runs a script, on a key that is never set.
    pub(crate) async fn check(&self) -> Result<(), Failure> {
        let key = [format!("{}check", self.prefix)];
        let mut get = redis::cmd("GET");
        get.arg(&key);
        self.ask::<Option<Vec<u8>>>(&get).await?;
        self.run(&script::REMOVE, &key, &[b"", b"0"]).await?;
        let info = self.info().await;
        if self.connection.is_single() && info.iter().any(|report| is_of_cluster(report)) {
            return Err(Failure::new(
                "it is part of a cluster; take RedisStore::connect_cluster".into(),
            ));
        }
        for policy in info.iter().filter_map(|report| evicting(report)) {
            tracing::warn!(
                target: "tower_oauth::config",
                address = self.address,
                "the Redis server has maxmemory-policy {policy}: when it is full, it signs people out, and lets \
                 an authorization response be used twice; set noeviction"
            );
        }
        Ok(())
    }

    /// What the servers report of themselves. Not every user may ask, so none is fine.
    async fn info(&self) -> Vec<String> {
        self.ask(&redis::cmd("INFO")).await.map_or_else(|_| Vec::new(), |answer| texts(&answer))
    }
}

/// A cluster answers with one report for each node.
fn texts(answer: &Value) -> Vec<String> {
    match answer {
        Value::Map(nodes) => nodes.iter().flat_map(|(_, report)| texts(report)).collect(),
        Value::BulkString(text) => vec![String::from_utf8_lossy(text).into_owned()],
        Value::VerbatimString { text, .. } => vec![text.clone()],
        _ => Vec::new(),
    }
}

fn is_of_cluster(report: &str) -> bool {
    field(report, "cluster_enabled:") == Some("1")
}

/// The policy of a server that has a limit of memory and then drops what has not ended.
fn evicting(report: &str) -> Option<&str> {
    let policy = field(report, "maxmemory_policy:")?;
    (field(report, "maxmemory:")? != "0" && policy != "noeviction").then_some(policy)
}

fn field<'a>(report: &'a str, name: &str) -> Option<&'a str> {
    report.lines().find_map(|line| line.strip_prefix(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_server_that_drops_keys_is_warned_of() {
        let report = |limit: u32, policy: &str| {
            format!("# Memory\r\nmaxmemory:{limit}\r\nmaxmemory_policy:{policy}\r\n")
        };
        assert_eq!(evicting(&report(0, "allkeys-lru")), None);
        assert_eq!(evicting(&report(100, "noeviction")), None);
        assert_eq!(evicting(&report(100, "volatile-ttl")), Some("volatile-ttl"));
        assert_eq!(evicting(""), None);
    }

    #[test]
    fn every_node_reports() {
        let report = |text: &str| Value::BulkString(text.into());
        let nodes = Value::Map(vec![(Value::Nil, report("a")), (Value::Nil, report("b"))]);
        assert_eq!(texts(&nodes), ["a", "b"]);
        assert!(texts(&Value::Nil).is_empty());
    }
}
