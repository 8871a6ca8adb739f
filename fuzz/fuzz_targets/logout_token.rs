//! No logout token that the provider did not sign is accepted: header and claims of the input's choice.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tower_oauth_fuzz::{Script, client, openid, run};

fuzz_target!(|token: &str| {
    let client = client(Script::default(), openid());
    assert!(run(client.verify_logout_token(token)).is_err());
});
