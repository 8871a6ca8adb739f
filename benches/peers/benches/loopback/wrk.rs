//! Many requests at once, by wrk: 32 connections, and browsers in turn.

use std::fs;
use std::path::Path;
use std::process::Command;

/// What wrk saw.
pub(crate) struct Load {
    pub(crate) per_second: f64,
    pub(crate) requests: u32,
}

/// Asks for `GET /me` for a second, with one of `cookies` after the other. The script for it is in `directory`.
pub(crate) fn load(address: &str, directory: &Path, cookies: &[String]) -> Load {
    let cookies: Vec<_> = cookies.iter().map(|cookie| format!("{cookie:?}")).collect();
    let script = directory.join("requests.lua");
    fs::write(&script, SCRIPT.replace("COOKIES", &cookies.join(", "))).unwrap();
    let output = Command::new("wrk")
        .args(["--threads", "1", "--connections", "32", "--duration", "1s", "--script"])
        .arg(script)
        .arg(format!("{address}/me"))
        .output()
        .expect("wrk is installed");
    let text = String::from_utf8(output.stdout).unwrap();
    let failed = text.contains("Non-2xx") || text.contains("Socket errors");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !failed, "{text}{said}");
    let rate = text.lines().find_map(|line| line.strip_prefix("Requests/sec:")).unwrap();
    let (requests, _) = text.split_once(" requests in ").unwrap();
    let requests = requests.rsplit(char::is_whitespace).next().unwrap();
    Load { per_second: rate.trim().parse().unwrap(), requests: requests.parse().unwrap() }
}

// The requests are made before the first is sent, or wrk is slower than the server.
const SCRIPT: &str = "
local cookies, requests, turn = { COOKIES }, {}, 0

function init()
  for i, cookie in ipairs(cookies) do
    requests[i] = wrk.format('GET', nil, { Cookie = cookie })
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end
";
