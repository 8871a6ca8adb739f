//! The way to the server or the cluster: one question, one answer, within the deadline.

use std::sync::Arc;
use std::time::Duration;

use redis::cluster_async::ClusterConnection;
use redis::{Cmd, FromRedisValue, RedisError, from_redis_value};
use tokio::time::Instant;

use crate::failure::{Failure, is_unknown_script};
use crate::script::Script;
use crate::single::Single;

/// A connection that clones share.
#[derive(Clone)]
pub(crate) enum Connection {
    Single(Arc<Single>),
    Cluster(ClusterConnection),
}

impl Connection {
    /// Whether every key is on the same server, so that one script can touch several.
    pub(crate) const fn is_single(&self) -> bool {
        matches!(self, Self::Single(_))
    }

    /// Runs `operation` for at most `deadline`.
    pub(crate) async fn within<T>(
        &self,
        deadline: Duration,
        operation: impl Future<Output = Result<T, RedisError>>,
    ) -> Result<T, Failure> {
        let start = Instant::now();
        match tokio::time::timeout(deadline, operation).await {
            Ok(result) => result.map_err(Failure::from),
            Err(_) => {
                if let Self::Single(single) = self {
                    single.timed_out(start);
                }
                Err(Failure::new(format!("no answer within {deadline:?}")))
            }
        }
    }

    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisError> {
        match self {
            Self::Single(single) => Ok(from_redis_value(single.send(command).await?)?),
            Self::Cluster(cluster) => command.query_async(&mut cluster.clone()).await,
        }
    }

    /// Runs `script`, whose keys are all in one slot.
    pub(crate) async fn run(
        &self,
        script: &Script,
        keys: &[String],
        arguments: &[&[u8]],
    ) -> Result<i64, RedisError> {
        match self.ask(&script.by_name(keys, arguments)).await {
            Err(error) if is_unknown_script(&error) => {
                self.ask(&script.by_code(keys, arguments)).await
            }
            answer => answer,
        }
    }
}
