//! [`Failure`]: what went wrong, in words that hold no password, key or payload.

use std::fmt;

use redis::{ErrorKind, RedisError, ServerErrorKind};
use tower_oauth::session::StoreError;

/// What went wrong and, where that is known, what to do.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) const fn new(text: String) -> Self {
        Self(text)
    }
}

/// The server's own text is left out: it can repeat a command's arguments.
impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        if error.kind() == ErrorKind::AuthenticationFailed {
            return Self("the server refuses the user or password of the URL".into());
        }
        if let Some(code) = error.code() {
            return Self(format!("the server answered {code}: {}", meaning(code)));
        }
        // The detail can be the server's text, or what it sent.
        let text = error.to_string();
        let text = error.detail().and_then(|detail| text.strip_suffix(detail)).unwrap_or(&text);
        let text = text.trim_end_matches([':', ' ']);
        Self(text.trim_end_matches(&format!(" - {:?}", error.kind())).to_owned())
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        Self::failed(format!("Redis: {failure}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether the server does not know a script, as after a restart.
pub(crate) fn is_unknown_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

fn meaning(code: &str) -> &'static str {
    match code {
        "NOAUTH" => "it wants a password, as in redis://user:password@host",
        "WRONGPASS" => "it refuses the user or password of the URL",
        "NOPERM" => "its user lacks a right that tower-oauth-redis lists in its documentation",
        "MOVED" | "ASK" | "CROSSSLOT" => "it is part of a cluster, for RedisStore::connect_cluster",
        "READONLY" => "it is a replica; the URL must lead to the primary",
        "OOM" => "its memory is full; raise maxmemory",
        "MISCONF" => "it takes no writes because it cannot persist them; its log says why",
        "LOADING" | "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN" => "it is not ready",
        "BUSY" => "it is busy with a script",
        "WRONGTYPE" => "something else uses keys with this prefix; choose another",
        "ERR" => {
            "it must be Valkey or Redis 6.2 or newer, have the database of the URL, and be a cluster for connect_cluster"
        }
        _ => "its log may say why",
    }
}

#[cfg(test)]
mod tests {
    use redis::make_extension_error;

    use super::*;

    #[test]
    fn g05_the_text_of_the_server_is_not_repeated() {
        let args = "unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'hunter2'";
        let detailed = |kind| RedisError::from((kind, "no", args.into()));
        for error in [
            detailed(ErrorKind::Io),
            detailed(ErrorKind::Client),
            detailed(ErrorKind::Parse),
            detailed(ServerErrorKind::ResponseError.into()),
            make_extension_error("ODD".into(), Some(args.into())),
            redis::ParsingError::from(args).into(),
        ] {
            let failure = Failure::from(error);
            let text = format!("{failure} {failure:?}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}
