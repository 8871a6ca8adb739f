//! A token response of a lenient provider is refused, or its token fits into a header.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tower_oauth::providers;
use tower_oauth_fuzz::{ISSUER, Script, login, openid, run};

fuzz_target!(|token: &[u8]| {
    let script = Script { token: token.to_vec(), ..Script::default() };
    assert!(run(login(script.clone(), openid())).is_err());
    let lenient = providers::oauth2(
        format!("{ISSUER}/a"),
        format!("{ISSUER}/t"),
        format!("{ISSUER}/u"),
        "client",
        "secret",
    );
    if let Ok(login) = run(login(script, lenient)) {
        let token = login.connection.tokens.access_token.secret();
        assert!(!token.is_empty() && http::HeaderValue::from_str(token).is_ok());
        assert_eq!(login.connection.identity.subject(), "1");
    }
});
