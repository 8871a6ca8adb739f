//! No key set makes a token valid that nobody signed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tower_oauth_fuzz::{Script, login, openid, run};

fuzz_target!(|keys: &[u8]| {
    // {"alg":"RS256"} and {"alg":"ES256"}, over {}.
    for header in ["eyJhbGciOiJSUzI1NiJ9", "eyJhbGciOiJFUzI1NiJ9"] {
        let token = format!(
            r#"{{"access_token":"t","token_type":"Bearer","id_token":"{header}.e30.c2lnbmF0dXJl"}}"#
        );
        let script =
            Script { keys: keys.to_vec(), token: token.into_bytes(), ..Script::default() };
        assert!(run(login(script, openid())).is_err());
    }
});
