//! A return target never leaves the application, as a browser resolves it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tower_oauth_core::ReturnTo;
use url::Url;

fuzz_target!(|target: &str| {
    if let Ok(accepted) = ReturnTo::parse(target, "/auth") {
        let base = Url::parse("https://app.example/private/page?x").expect("a URL");
        let resolved = base.join(accepted.as_str()).expect("accepted, so a URL");
        assert_eq!(resolved.origin(), base.origin());
        assert!(!resolved.path().starts_with("//"));
        assert!(http::HeaderValue::from_str(accepted.as_str()).is_ok());
    }
});
