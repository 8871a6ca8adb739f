//! No cookie header makes anybody somebody, at a page or at the callback.
#![no_main]

use bytes::Bytes;
use http::{HeaderValue, Request};
use http_body_util::{BodyExt, Full};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|cookies: &[u8]| {
    let Ok(header) = HeaderValue::from_bytes(cookies) else { return };
    let auth = tower_oauth_fuzz::application(false);
    let get = |path: &str| {
        let request = Request::get(path).header("cookie", header.clone());
        let request = request.body(Full::new(Bytes::new())).expect("a request");
        tower_oauth_fuzz::respond(&auth, request)
    };
    let page = get("/");
    let text = tower_oauth_fuzz::run(page.into_body().collect()).expect("a body").to_bytes();
    assert_eq!(text, "nobody");
    assert_eq!(get("/auth/callback/op?code=c&state=s").status(), 400);
    assert_eq!(get("/auth/login").status(), 303);
});
