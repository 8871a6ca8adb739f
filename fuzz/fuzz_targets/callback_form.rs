//! No form signs anybody in, and each is answered.
#![no_main]

use http::Request;
use http_body_util::Full;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|form: &[u8]| {
    let request = Request::post("/auth/callback/op")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Full::new(form.to_vec().into()))
        .expect("a request");
    let response = tower_oauth_fuzz::respond(request, true);
    assert_eq!(response.status(), 400);
    assert!(!response.headers().contains_key("set-cookie"));
});
