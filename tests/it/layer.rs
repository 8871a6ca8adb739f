//! Where the layer can stand: any tower stack, axum's layers and nests, by hand.

use std::convert::Infallible;

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};
use tower_oauth::{Auth, User};
use tower_oauth_test::TestBrowser;
use tower_oauth_tests::{BASE_URL, Setup};

/// A service without axum that greets whoever is signed in.
async fn greet<B>(request: Request<B>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, _) = request.into_parts();
    let text = match User::from_parts(&parts).await {
        Ok(Some(user)) => format!("Hello, {}!", user.display_name()),
        Ok(None) => "Hello, stranger!".into(),
        Err(rejection) => return Ok(rejection.into_response()),
    };
    Ok(Response::new(Full::from(text)))
}

#[tokio::test]
async fn it_works_in_a_plain_tower_stack() {
    let setup = Setup::new();
    let auth = setup.auth();
    let service = auth.layer().layer(service_fn(greet));
    let mut browser = TestBrowser::new(BASE_URL, service, setup.provider.http_client());
    assert_eq!(browser.open("/any/path").await.text(), "Hello, stranger!");
    assert_eq!(browser.login_as("alice").await.text(), "Hello, Alice Liddell!");
}

/// Over a real socket, with hyper and no axum.
#[tokio::test]
async fn it_works_behind_hyper() {
    let setup = Setup::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let auth = Auth::builder(&base_url)
        .http_client(setup.provider.http_client())
        .clock(std::sync::Arc::new(setup.clock.clone()))
        .provider(setup.registration())
        .build()
        .unwrap();
    let service = auth.layer().layer(service_fn(greet));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = hyper_util::service::TowerToHyperService::new(service.clone());
            tokio::spawn(async move {
                let io = hyper_util::rt::TokioIo::new(stream);
                let _ =
                    hyper::server::conn::http1::Builder::new().serve_connection(io, service).await;
            });
        }
    });
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let page = client.get(format!("{base_url}/x")).send().await.unwrap().text().await.unwrap();
    assert_eq!(page, "Hello, stranger!");
    let start = client.get(format!("{base_url}/auth/login")).send().await.unwrap();
    assert_eq!(start.status(), 303);
    assert!(
        start.headers()["location"].to_str().unwrap().starts_with("https://op.example/authorize?")
    );
}

#[tokio::test]
async fn the_service_alone_answers_the_login_routes_and_404() {
    let setup = Setup::new();
    let auth = setup.auth();
    let mut browser = TestBrowser::new(BASE_URL, auth.service(), setup.provider.http_client());
    assert_eq!(browser.open("/other").await.status(), 404);
    browser.open("/auth/login").await;
    assert_eq!(browser.click("Alice").await.status(), 404, "the start page is not its own");
    assert_eq!(browser.cookies()[0].0, "__Host-auth", "but somebody is signed in");
}

#[tokio::test]
async fn mounted_by_hand_as_a_fallback() {
    let setup = Setup::new();
    let auth = setup.auth();
    let app = Router::new()
        .route("/", get(async |user: User| user.display_name().to_owned()).layer(auth.layer()))
        .fallback_service(auth.service());
    let mut browser = setup.browser_of(app);
    browser.open("/").await;
    assert_eq!(browser.click("Alice").await.text(), "Alice Liddell");
}

/// What axum's `route_layer` and `nest` mean for a layer that answers paths of its own.
#[tokio::test]
async fn h10_where_in_a_router_the_layer_sees_its_routes() {
    let setup = Setup::new();
    let auth = setup.auth();
    let routes = || Router::new().route("/hello", get(async || "hello"));
    for (app, sees_login) in [
        (routes().layer(auth.layer()), true),
        (routes().route_layer(auth.layer()), false),
        (Router::new().merge(routes().layer(auth.layer())), true),
        (Router::new().nest("/app", routes().layer(auth.layer())), false),
    ] {
        let browser = setup.browser_of(app);
        let page = browser.request(http::Method::GET, "/auth/login", &[]).await;
        assert_eq!(page.status().as_u16(), if sees_login { 303 } else { 404 });
    }
}

/// An application below a path: the layer outside or inside the nest, the proxy cutting the path off or not.
#[tokio::test]
async fn h10_an_application_below_a_path() {
    let setup = Setup::new();
    let auth = Auth::builder("https://app.example/app")
        .http_client(setup.provider.http_client())
        .clock(std::sync::Arc::new(setup.clock.clone()))
        .provider(setup.registration())
        .build()
        .unwrap();
    let private = async |user: User| format!("private to {}", user.subject());
    let routes = || Router::new().route("/private", get(private));
    let fallback = async || "elsewhere";
    for app in [
        Router::new().nest("/app", routes()).layer(auth.layer()),
        Router::new().nest("/app", routes().fallback(fallback).layer(auth.layer())),
    ] {
        let mut browser = setup.browser_of(app);
        let page = browser.open("/app/private?x=1").await;
        let redirect_uri =
            page.url().query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1;
        assert_eq!(redirect_uri, "https://app.example/app/auth/callback/op");
        let page = browser.click("Alice").await;
        assert_eq!(page.url().as_str(), "https://app.example/app/private?x=1");
        assert_eq!(page.text(), "private to sub-alice");
    }
}

#[tokio::test]
async fn h01_h02_addresses_come_from_the_configuration() {
    let setup = Setup::new();
    let auth = setup.auth();
    let browser = setup.browser(&auth);
    let plain = browser.request(http::Method::GET, "/auth/login", &[]).await;
    for headers in [
        &[("host", "evil.example")][..],
        &[("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "http")],
        &[("forwarded", "host=evil.example;proto=http"), ("x-forwarded-prefix", "/evil")],
    ] {
        let page = browser.request(http::Method::GET, "/auth/login", headers).await;
        assert!(!page.header("location").contains("evil"), "{headers:?}");
        assert!(page.header("set-cookie").ends_with("; Secure"));
        assert_eq!(
            page.header("location").split("state=").next(),
            plain.header("location").split("state=").next()
        );
    }
}

#[tokio::test]
async fn h06_path_tricks_reach_no_protected_handler() {
    let setup = Setup::new();
    let auth = setup.auth();
    for path in [
        "/private?x=/public",
        "/private/.",
        "/private//x",
        "/private/%2e%2e/public",
        "/public/../private",
        "/public%2f..%2fprivate",
        "/private;x",
        "//private",
        "/PRIVATE",
        "/private%00",
    ] {
        let request = Request::get(path).body(axum::body::Body::empty()).unwrap();
        let response = tower_oauth_tests::app(&auth).oneshot(request).await.unwrap();
        assert!(matches!(response.status().as_u16(), 401 | 404), "{path}: {}", response.status());
    }
}

/// Every route, whatever the request says of its host: no answer differs, no address comes from it.
#[tokio::test]
async fn h01_h04_no_route_takes_an_address_from_the_request() {
    let setup = Setup::new();
    let auth = setup.auth();
    let browser = setup.browser(&auth);
    for (method, path) in [
        (http::Method::GET, "/auth/login/op"),
        (http::Method::GET, "/auth/login/nope"),
        (http::Method::GET, "/auth/callback/op?code=c&state=s"),
        (http::Method::POST, "/auth/logout"),
        (http::Method::GET, "/auth/logged-out"),
        (http::Method::GET, "/private"),
    ] {
        for headers in [
            &[("host", "evil.example")][..],
            &[("x-forwarded-host", "evil.example"), ("x-forwarded-port", "8080")],
            &[("forwarded", "host=evil.example;proto=http"), ("x-forwarded-prefix", "/evil")],
            &[("x-forwarded-proto", "http")],
        ] {
            let headers = [headers, &[("accept", "text/html")]].concat();
            let page = browser.request(method.clone(), path, &headers).await;
            let shown = format!("{:?} {}", page.headers(), page.text());
            assert!(!shown.contains("evil") && !shown.contains("http://"), "{path}: {shown}");
            for cookie in page.headers().get_all("set-cookie") {
                assert!(cookie.to_str().unwrap().ends_with("; Secure"), "{path}");
            }
        }
    }
}

/// Two logins in one application, one inside the other: each handler is told the user of the nearest.
#[tokio::test]
async fn h09_an_inner_layer_takes_no_user_of_the_outer_one() {
    let setup = Setup::new();
    let outer = setup.auth();
    let inner =
        setup.builder().mount("/admin-auth").provider(setup.registration()).build().unwrap();
    let greet = async |user: Option<User>| {
        user.map_or_else(|| "stranger".to_owned(), |user| user.subject().to_owned())
    };
    let admin = Router::new().route("/admin", get(greet)).layer(inner.layer());
    let app = Router::new().route("/", get(greet)).merge(admin).layer(outer.layer());
    let mut browser = setup.browser_of(app);
    browser.login_as("alice").await;
    assert_eq!(browser.open("/").await.text(), "sub-alice");
    assert_eq!(browser.open("/admin").await.text(), "stranger");
}

/// A header can be split by no value that reaches one: those of the provider's metadata are addresses, checked as such.
#[tokio::test]
async fn h12_a_provider_cannot_split_a_header() {
    for endpoint in [
        "https://op.example/a\r\nset-cookie: a=b",
        "https://op.example/\u{0}",
        "https://op.example/ä",
    ] {
        let setup = Setup::new();
        let answer = tower_oauth_test::Answer::modify(move |response| {
            let mut document: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
            document["authorization_endpoint"] = endpoint.into();
            *response.body_mut() = document.to_string().into();
        });
        setup.provider.answer_always(tower_oauth_test::Endpoint::Metadata, answer);
        let page =
            setup.browser(&setup.auth()).request(http::Method::GET, "/auth/login", &[]).await;
        let names: Vec<_> = page.headers().keys().map(http::HeaderName::as_str).collect();
        assert!(page.status().as_u16() == 303 || page.status().as_u16() == 502, "{endpoint:?}");
        let cookies = page.headers().get_all("set-cookie").iter();
        for cookie in cookies {
            assert!(cookie.to_str().unwrap().starts_with("__Host-auth-attempt-"), "{cookie:?}");
        }
        assert!(names.iter().all(|name| !name.contains("a=b")), "{names:?}");
        assert!(page.header("location").bytes().all(|byte| byte.is_ascii_graphic()));
    }
}
