//! No form signs anybody in, and each is answered: at once, or after the browser has fetched it.
#![no_main]

use bytes::Bytes;
use http::Request;
use http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http_body_util::Full;
use libfuzzer_sys::fuzz_target;
use tower_oauth_fuzz::{application, respond};

fuzz_target!(|form: &[u8]| {
    let auth = application(true);
    let request = Request::post("/auth/callback/op")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::new(form.to_vec().into()))
        .expect("a request");
    let response = respond(&auth, request);
    if response.status() == 400 {
        assert!(!response.headers().contains_key(SET_COOKIE));
        return;
    }
    assert_eq!(response.status(), 303);
    let header = |name| response.headers().get(name).expect("it is there").to_str().expect("ASCII");
    let (cookie, path) = (header(SET_COOKIE), header(LOCATION));
    assert!(cookie.starts_with("__Host-auth-response-") && path.starts_with("/auth/callback/op?"));
    let request = Request::get(path)
        .header(COOKIE, cookie.split(';').next().expect("a pair"))
        .body(Full::new(Bytes::new()))
        .expect("a request");
    let response = respond(&auth, request);
    assert_eq!(response.status(), 400);
    let cookies = response.headers().get_all(SET_COOKIE);
    assert!(!cookies.iter().any(|cookie| cookie.as_bytes().starts_with(b"__Host-auth=")));
});
