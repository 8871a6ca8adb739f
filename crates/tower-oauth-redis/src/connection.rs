//! The way to the server or the cluster: one question, one answer, within the deadline.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{RoutingInfo, SingleNodeRoutingInfo};
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue, RedisError, from_redis_value};
use tokio::time::timeout;

use crate::failure::{Failure, is_unknown_script};
use crate::link::{Link, Target};
use crate::script::Script;

/// A connection that clones share.
#[derive(Clone)]
pub(crate) enum Connection {
    Single(Arc<Link<Server>>),
    Cluster(Arc<Link<Cluster>>),
}

/// A single server.
pub(crate) struct Server(Client, AsyncConnectionConfig);

/// A cluster, whose client finds the node that a key is on.
pub(crate) struct Cluster(ClusterClient);

impl Connection {
    /// To a single server. Nothing connects before the first question.
    pub(crate) fn single(client: Client, connecting: Duration) -> Self {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(connecting))
            // The operation has a deadline.
            .set_response_timeout(None);
        Self::Single(Link::new(Server(client, config)).into())
    }

    /// To a cluster. Nothing connects before the first question.
    pub(crate) fn cluster(client: ClusterClient) -> Self {
        Self::Cluster(Link::new(Cluster(client)).into())
    }

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
        let result = match timeout(deadline, operation).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => Err(error),
            Err(_) => Ok(Failure::new(format!("no answer within {deadline:?}"))),
        };
        if !matches!(&result, Err(error) if error.code().is_some()) {
            // Nothing that a server said.
            match self {
                Self::Single(link) => link.suspect(deadline / 4),
                Self::Cluster(link) => link.suspect(deadline / 4),
            }
        }
        Err(result.unwrap_or_else(Failure::from))
    }

    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisError> {
        let answer = match self {
            Self::Single(link) => link.send(command).await?,
            Self::Cluster(link) => link.send(command).await?,
        };
        Ok(from_redis_value(answer)?)
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

impl Target for Server {
    type Connection = MultiplexedConnection;

    async fn connect(&self) -> Result<Self::Connection, RedisError> {
        self.0.get_multiplexed_async_connection_with_config(&self.1).await
    }

    fn is_broken_by(error: &RedisError) -> bool {
        error.is_unrecoverable_error()
    }

    async fn ping(mut connection: Self::Connection) -> bool {
        connection.send_packed_command(&redis::cmd("PING")).await.is_ok()
    }
}

impl Target for Cluster {
    type Connection = ClusterConnection;

    async fn connect(&self) -> Result<Self::Connection, RedisError> {
        self.0.get_async_connection().await
    }

    /// The client itself connects to a node anew, and sends the command again.
    fn is_broken_by(_: &RedisError) -> bool {
        false
    }

    async fn ping(mut connection: Self::Connection) -> bool {
        let anywhere = RoutingInfo::SingleNode(SingleNodeRoutingInfo::Random);
        connection.route_command(redis::cmd("PING"), anywhere).await.is_ok()
    }
}
