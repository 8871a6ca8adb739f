//! What runs inside the server, so that it is one step there. A script touches no key but those it is given.

use std::fmt::Write as _;
use std::sync::LazyLock;

use aws_lc_rs::digest;
use redis::Cmd;

/// A script, and the name that a server knows it by once it has run there.
#[derive(Debug)]
pub(crate) struct Script {
    code: &'static str,
    sha1: String,
}

/// Adds a session to indexes.
pub(crate) static ADD: LazyLock<Script> = LazyLock::new(|| {
    Script::new(concat!(include_str!("scripts/index.lua"), include_str!("scripts/add.lua")))
});

/// Creates or replaces a record, with its indexes where those are on the same server.
pub(crate) static PUT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(concat!(
        include_str!("scripts/live.lua"),
        include_str!("scripts/index.lua"),
        include_str!("scripts/put.lua"),
    ))
});

/// Tells whether a record carries an index.
pub(crate) static CARRIES: LazyLock<Script> = LazyLock::new(|| {
    Script::new(concat!(include_str!("scripts/live.lua"), include_str!("scripts/carries.lua")))
});

/// Removes a record that carries an index.
pub(crate) static REMOVE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(concat!(include_str!("scripts/live.lua"), include_str!("scripts/remove.lua")))
});

/// Sets a mark.
pub(crate) static MARK: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("scripts/mark.lua")));

impl Script {
    fn new(code: &'static str) -> Self {
        // The name that the protocol prescribes; nothing secret hangs on it.
        let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, code.as_bytes());
        let sha1 = hash.as_ref().iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        Self { code, sha1 }
    }

    /// Runs the script under its name: 40 bytes instead of its code.
    pub(crate) fn by_name(&self, keys: &[String], arguments: &[&[u8]]) -> Cmd {
        command("EVALSHA", &self.sha1, keys, arguments)
    }

    /// Runs the script from its code, after which the server knows the name.
    pub(crate) fn by_code(&self, keys: &[String], arguments: &[&[u8]]) -> Cmd {
        command("EVAL", self.code, keys, arguments)
    }
}

fn command(name: &str, script: &str, keys: &[String], arguments: &[&[u8]]) -> Cmd {
    let mut command = redis::cmd(name);
    command.arg(script).arg(keys.len()).arg(keys).arg(arguments);
    command
}
