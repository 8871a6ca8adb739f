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
        self.warn_of_eviction().await;
        Ok(())
    }

    /// Says so where the server may drop what has not ended. Not every user may ask, so no answer is fine.
    async fn warn_of_eviction(&self) {
        let mut info = redis::cmd("INFO");
        info.arg("memory");
        let Ok(answer) = self.ask::<Value>(&info).await else { return };
        for policy in policies(&answer) {
            tracing::warn!(
                target: "tower_oauth::config",
                address = self.address,
                "the Redis server has maxmemory-policy {policy}: when it is full, it signs people out, and lets \
                 an authorization response be used twice; set noeviction"
            );
        }
    }
}

/// The policies other than `noeviction` of the servers that have a limit of memory.
fn policies(info: &Value) -> Vec<String> {
    match info {
        // A cluster answers with one report for each node.
        Value::Map(nodes) => nodes.iter().flat_map(|(_, report)| policies(report)).collect(),
        Value::BulkString(report) => policy(&String::from_utf8_lossy(report)).into_iter().collect(),
        Value::VerbatimString { text, .. } => policy(text).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn policy(report: &str) -> Option<String> {
    let field = |name| report.lines().find_map(|line| line.strip_prefix(name));
    let policy = field("maxmemory_policy:")?;
    (field("maxmemory:")? != "0" && policy != "noeviction").then(|| policy.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_server_that_drops_keys_is_warned_of() {
        let report = |limit, policy| {
            Value::BulkString(
                format!("# Memory\r\nmaxmemory:{limit}\r\nmaxmemory_policy:{policy}\r\n").into(),
            )
        };
        assert!(policies(&report(0, "allkeys-lru")).is_empty());
        assert!(policies(&report(100, "noeviction")).is_empty());
        assert_eq!(policies(&report(100, "volatile-ttl")), ["volatile-ttl"]);
        let nodes = Value::Map(vec![
            (Value::Nil, report(100, "noeviction")),
            (Value::Nil, report(100, "allkeys-lru")),
        ]);
        assert_eq!(policies(&nodes), ["allkeys-lru"]);
        assert!(policies(&Value::Nil).is_empty());
    }
}
