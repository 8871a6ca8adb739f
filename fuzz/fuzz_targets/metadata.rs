//! Whatever a provider publishes, browsers and requests go to https or to this machine.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tower_oauth_fuzz::{Script, login, openid, run};

fuzz_target!(|metadata: &[u8]| {
    let script = Script { metadata: metadata.to_vec(), ..Script::default() };
    assert!(run(login(script, openid())).is_err());
});
