//! No query signs anybody in, and each is answered.
#![no_main]

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use libfuzzer_sys::fuzz_target;
use tower_oauth_core::AuthorizationResponse;

fuzz_target!(|query: &[u8]| {
    let _ = AuthorizationResponse::parse(query);
    let Ok(query) = std::str::from_utf8(query) else { return };
    let uri = format!("/auth/callback/op?{query}");
    let Ok(request) = Request::get(uri).body(Full::new(Bytes::new())) else { return };
    let response = tower_oauth_fuzz::respond(&tower_oauth_fuzz::application(false), request);
    assert_eq!(response.status(), 400);
    assert!(!response.headers().contains_key("set-cookie"));
});
