//! No ID token that the provider did not sign is accepted: header and claims of the input's choice.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tower_oauth_fuzz::{Script, login, openid, run};

fuzz_target!(|token: &str| {
    let quoted = token.replace('\\', "\\\\").replace('"', "\\\"");
    let token = format!(r#"{{"access_token":"t","token_type":"Bearer","id_token":"{quoted}"}}"#);
    let script = Script { token: token.into_bytes(), ..Script::default() };
    assert!(run(login(script, openid())).is_err());
});
