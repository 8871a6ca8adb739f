//! What our cookie holds (the profile and the access token), encrypted by axum-extra's `PrivateCookieJar`.

use std::hint::black_box;

use axum::Router;
use axum::extract::FromRef;
use axum::response::IntoResponse as _;
use axum::routing::get;
use axum_extra::extract::PrivateCookieJar;
use axum_extra::extract::cookie::{Cookie, Key};
use bench_guard::Subject;
use http::HeaderMap;
use http::header::SET_COOKIE;
use serde::{Deserialize, Serialize};

use crate::sessions::Profile;

#[derive(Clone)]
struct Keys(Key);

impl FromRef<Keys> for Key {
    fn from_ref(keys: &Keys) -> Self {
        keys.0.clone()
    }
}

#[derive(Serialize, Deserialize)]
struct Held {
    user: Profile,
    access_token: String,
    expires: u64,
}

pub(crate) fn private_cookie_jar(sessions: u32) -> Subject {
    let keys = Keys(Key::generate());
    let seal = |number: u32| {
        let held =
            Held { user: Profile::new(number), access_token: "a".repeat(1024), expires: u64::MAX };
        let cookie = Cookie::new("session", serde_json::to_string(&held).unwrap());
        let jar = PrivateCookieJar::from_headers(&HeaderMap::new(), keys.0.clone()).add(cookie);
        let headers = jar.into_response().into_parts().0.headers;
        headers.get(SET_COOKIE).unwrap().to_str().unwrap().split(';').next().unwrap().to_owned()
    };
    let cookies: Vec<_> = (0..sessions).map(seal).collect();
    let handler = async |jar: PrivateCookieJar| {
        let cookie = jar.get("session").unwrap();
        let held: Held = serde_json::from_str(cookie.value()).unwrap();
        black_box((&held.user.subject, &held.access_token));
        "ok"
    };
    let app = Router::new().route("/me", get(handler)).with_state(keys);
    Subject::new("axum-extra, `PrivateCookieJar`", app, cookies)
}
