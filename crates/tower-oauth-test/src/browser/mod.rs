//! [`TestBrowser`]: a browser for tests, with cookies, redirects, links and forms, and no window.

mod jar;
mod page;

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use tower::{Service, ServiceExt};
use tower_oauth_core::{HttpClient, Limits};
use url::Url;

use self::jar::Jar;
pub use self::page::{Form, Link, Page};
use crate::lock;

/// Most redirects that are followed for one navigation, as in browsers.
const MAX_REDIRECTS: usize = 20;

const LIMITS: Limits = Limits::new(Duration::from_secs(30), 8 * 1024 * 1024);

type Send = dyn Fn(Request<Bytes>) -> Pin<Box<dyn Future<Output = Response<Bytes>> + std::marker::Send>>
    + std::marker::Send
    + Sync;

/// A browser for tests: it keeps cookies by the browsers' rules (host, `Secure`, `__Host-`, `SameSite`), sends
/// Fetch Metadata, follows redirects, and clicks links and buttons by their text.
///
/// A clone is another tab: the same cookies, its own page.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use tower_oauth_test::{FakeProvider, TestBrowser};
/// # use std::convert::Infallible;
/// # use bytes::Bytes;
/// # use http_body_util::Full;
/// # let app = tower::service_fn(|_: http::Request<Full<Bytes>>| async {
/// #     Ok::<_, Infallible>(http::Response::new(Full::new(Bytes::from("Hello!"))))
/// # });
///
/// let provider = FakeProvider::new();
/// let mut browser =
///     TestBrowser::new("https://app.example", app, provider.http_client());
/// let page = browser.open("/").await;
/// assert_eq!(page.text(), "Hello!");
/// # }
/// ```
#[derive(Clone)]
pub struct TestBrowser {
    base_url: Url,
    app: Option<Arc<Send>>,
    network: Arc<dyn HttpClient>,
    jar: Arc<Mutex<Jar>>,
    page: Option<Page>,
}

impl TestBrowser {
    /// A browser whose requests to the origin of `base_url` go to `app` in process, and all others through
    /// `network`: [`FakeProvider::http_client`](crate::FakeProvider::http_client), or an
    /// [`InProcessNetwork`](crate::InProcessNetwork).
    ///
    /// # Panics
    ///
    /// If `base_url` is not a URL.
    pub fn new<S, B>(base_url: &str, app: S, network: Arc<dyn HttpClient>) -> Self
    where
        S: Service<Request<Full<Bytes>>, Response = Response<B>>,
        S: Clone + std::marker::Send + 'static,
        S::Future: std::marker::Send,
        S::Error: fmt::Debug,
        B: http_body::Body + std::marker::Send + 'static,
        B::Data: std::marker::Send,
        B::Error: fmt::Debug,
    {
        let app = Mutex::new(app);
        let send = move |request: Request<Bytes>| {
            let app = lock(&app).clone();
            let answer = async move {
                let response = app.oneshot(request.map(Full::new)).await;
                let (parts, body) = response.expect("the application answers").into_parts();
                let body = body.collect().await.expect("the body is complete").to_bytes();
                Response::from_parts(parts, body)
            };
            Box::pin(answer) as Pin<Box<dyn Future<Output = _> + std::marker::Send>>
        };
        Self { app: Some(Arc::new(send)), ..Self::over_network(base_url, network) }
    }

    /// A browser whose requests all go through `network`: for an application that runs as a server.
    ///
    /// # Panics
    ///
    /// If `base_url` is not a URL.
    #[must_use]
    pub fn over_network(base_url: &str, network: Arc<dyn HttpClient>) -> Self {
        let base_url = Url::parse(base_url).expect("the base URL is a URL");
        Self { base_url, app: None, network, jar: Arc::default(), page: None }
    }

    /// The page that this tab shows.
    ///
    /// # Panics
    ///
    /// If nothing was opened yet.
    #[must_use]
    pub fn page(&self) -> &Page {
        self.page.as_ref().expect("a page is open")
    }

    /// Opens `target`, a path of the application or a URL, as if it were typed.
    pub async fn open(&mut self, target: &str) -> Page {
        let url = self.resolve(target);
        self.navigate(Method::GET, url, None, None).await
    }

    /// Follows the link or presses the button whose text contains `text`.
    ///
    /// # Panics
    ///
    /// If the page has no such link or button.
    pub async fn click(&mut self, text: &str) -> Page {
        let page = self.page().clone();
        if let Some(link) = page.links().into_iter().find(|link| link.text.contains(text)) {
            let url = page.url().join(&link.href).expect("the link is a URL");
            return self.navigate(Method::GET, url, None, Some(page.url())).await;
        }
        let form = page.forms().into_iter().find_map(|form| form.pressed(text));
        let form =
            form.unwrap_or_else(|| panic_with(&page, &format!("nothing to click: {text:?}")));
        self.submit(form).await
    }

    /// Submits `form` of the page, as a form without a button is by its script.
    ///
    /// # Panics
    ///
    /// If its action is not a URL.
    pub async fn submit(&mut self, form: Form) -> Page {
        let from = self.page().url().clone();
        let mut url = from.join(&form.action).expect("the action is a URL");
        let fields = form.encode();
        if form.method == Method::GET {
            url.set_query(Some(&fields));
            return self.navigate(Method::GET, url, None, Some(&from)).await;
        }
        self.navigate(Method::POST, url, Some(fields), Some(&from)).await
    }

    /// Posts `fields` to `path` from a page of the application.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let url = self.resolve(path);
        let fields = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let from = self.base_url.clone();
        self.navigate(Method::POST, url, Some(fields), Some(&from)).await
    }

    /// Signs in as `user`: a subject, or a part of what the provider's page calls them. Goes through whatever
    /// pages there are: the application's sign-in page, where the first provider is taken, and the provider's
    /// choice of users.
    ///
    /// # Panics
    ///
    /// If the provider's page has no such user, or the login does not come back to the application.
    pub async fn login_as(&mut self, user: &str) -> Page {
        let mut page = self.open("/auth/login").await;
        let provider = page.links().into_iter().find(|link| link.href.contains("/auth/login/"));
        if let Some(link) = provider.filter(|_| self.is_own(page.url())) {
            page = self.open(&link.href).await;
        }
        if !self.is_own(page.url()) {
            let choices = page.forms().into_iter();
            let chosen = choices.flat_map(|form| [form.clone().chosen(user), form.pressed(user)]);
            let form = chosen.flatten().next();
            let form = form.unwrap_or_else(|| panic_with(&page, &format!("no user {user:?}")));
            page = self.submit(form).await;
        }
        assert!(self.is_own(page.url()), "the login ended at {}", page.url());
        page
    }

    /// Requests `target` as a script of the application does with `fetch`. Redirects are not followed and
    /// the page stays.
    pub async fn fetch(&self, target: &str) -> Page {
        let headers = [("accept", "*/*"), ("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")];
        self.request(Method::GET, target, &headers).await
    }

    /// Sends one request with these headers and this browser's cookies, and follows nothing.
    ///
    /// # Panics
    ///
    /// If a header is not one.
    pub async fn request(&self, method: Method, target: &str, headers: &[(&str, &str)]) -> Page {
        let url = self.resolve(target);
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = method;
        for (name, value) in headers {
            let name = http::HeaderName::try_from(*name).expect("a header name");
            request.headers_mut().insert(name, value.parse().expect("a header value"));
        }
        self.send(&url, request, true).await
    }

    /// Posts `fields` to `path` as a form of a page at `origin` does, on another site: with no cookie but those that are
    /// `SameSite=None`. Redirects are not followed and the page stays.
    ///
    /// # Panics
    ///
    /// If `origin` cannot be in a header.
    pub async fn post_from(&self, origin: &str, path: &str, fields: &[(&str, &str)]) -> Page {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = Request::new(Bytes::from(form));
        *request.method_mut() = Method::POST;
        let headers = request.headers_mut();
        navigation_headers(headers, "cross-site");
        headers.insert("origin", origin.parse().expect("an origin"));
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, form);
        self.send(&self.resolve(path), request, false).await
    }

    /// Delivers a logout token to `path` as the provider's server does: a form without cookies, with a field besides that
    /// nobody knows (OpenID Connect Back-Channel Logout section 2.5).
    ///
    /// # Panics
    ///
    /// If `path` leads to no URL.
    pub async fn backchannel_logout(&self, path: &str, logout_token: &str) -> Page {
        let fields = [("logout_token", logout_token), ("unknown", "field")];
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = Request::new(Bytes::from(form));
        *request.method_mut() = Method::POST;
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, form);
        let server = Self { jar: Arc::default(), page: None, ..self.clone() };
        server.send(&self.resolve(path), request, false).await
    }

    /// The cookies that the application would get: (name, value).
    #[must_use]
    pub fn cookies(&self) -> Vec<(String, String)> {
        lock(&self.jar).for_request(&self.base_url, true)
    }

    /// Plants a cookie, as somebody who can write into this browser's jar.
    pub fn plant_cookie(&self, name: &str, value: &str) {
        lock(&self.jar).plant(&self.base_url, name, value);
    }

    /// Forgets the cookies of this name.
    pub fn forget_cookie(&self, name: &str) {
        lock(&self.jar).forget(name);
    }

    /// Forgets all cookies.
    pub fn clear_cookies(&self) {
        *lock(&self.jar) = Jar::default();
    }

    async fn navigate(
        &mut self,
        mut method: Method,
        mut url: Url,
        mut form: Option<String>,
        from: Option<&Url>,
    ) -> Page {
        let mut site = from.map_or("none", |from| relation(from, &url));
        for _ in 0..MAX_REDIRECTS {
            let mut request = Request::new(form.clone().unwrap_or_default().into());
            *request.method_mut() = method.clone();
            let headers = request.headers_mut();
            navigation_headers(headers, site);
            if let Some(from) = from.filter(|_| method == Method::POST) {
                let origin = from.origin().ascii_serialization();
                headers.insert("origin", origin.parse().expect("an origin"));
                headers.insert(
                    CONTENT_TYPE,
                    HeaderValue::from_static("application/x-www-form-urlencoded"),
                );
            }
            let top_level_get = method == Method::GET;
            let page = self.send(&url, request, site != "cross-site" || top_level_get).await;
            let location = page.headers().get(LOCATION).filter(|_| page.status().is_redirection());
            let Some(location) = location else {
                self.page = Some(page.clone());
                return page;
            };
            let location = location.to_str().expect("a readable Location");
            let next = url.join(location).expect("the Location is a URL");
            // A chain that was on another site once stays cross-site.
            if relation(&url, &next) == "cross-site" {
                site = "cross-site";
            }
            if !matches!(page.status().as_u16(), 307 | 308) {
                method = Method::GET;
                form = None;
            }
            url = next;
        }
        unreachable_redirects(&url)
    }

    async fn send(&self, url: &Url, mut request: Request<Bytes>, same_site_or_get: bool) -> Page {
        *request.uri_mut() = url.as_str().parse().expect("the URL is a URI");
        let cookies = lock(&self.jar).header(url, same_site_or_get);
        if let Some(cookies) = cookies {
            request.headers_mut().insert(COOKIE, cookies);
        }
        let response = match &self.app {
            Some(app) if self.is_own(url) => {
                let host = url.authority().parse().expect("a host");
                request.headers_mut().insert("host", host);
                let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
                *request.uri_mut() = target.parse().expect("a path");
                app(request).await
            }
            _ => {
                let response = self.network.send(request, LIMITS).await;
                response.unwrap_or_else(|error| no_answer(url, &error))
            }
        };
        for cookie in response.headers().get_all(SET_COOKIE) {
            lock(&self.jar).set(url, cookie.to_str().expect("a readable Set-Cookie"));
        }
        Page::new(url.clone(), response)
    }

    fn resolve(&self, target: &str) -> Url {
        self.base_url.join(target).expect("the target is a URL")
    }

    fn is_own(&self, url: &Url) -> bool {
        url.origin() == self.base_url.origin()
    }
}

impl fmt::Debug for TestBrowser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.page.as_ref().map(|page| page.url().as_str());
        f.debug_struct("TestBrowser").field("page", &url).finish_non_exhaustive()
    }
}

fn navigation_headers(headers: &mut HeaderMap, site: &'static str) {
    for (name, value) in [
        ("accept", "text/html,application/xhtml+xml,*/*;q=0.8"),
        ("sec-fetch-dest", "document"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-user", "?1"),
        ("sec-fetch-site", site),
        ("upgrade-insecure-requests", "1"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// What a browser says about a request from `from` to `to`.
fn relation(from: &Url, to: &Url) -> &'static str {
    if from.origin() == to.origin() { "same-origin" } else { "cross-site" }
}

#[expect(clippy::panic, reason = "a test ends here, with the page that explains it")]
fn panic_with(page: &Page, problem: &str) -> ! {
    panic!("{problem} at {} ({}):\n{}", page.url(), page.status(), page.text())
}

#[expect(clippy::panic, reason = "a test ends here")]
fn unreachable_redirects(url: &Url) -> ! {
    panic!("more than {MAX_REDIRECTS} redirects, the last to {url}")
}

#[expect(clippy::panic, reason = "a test ends here")]
fn no_answer(url: &Url, error: &dyn std::error::Error) -> ! {
    panic!("{} did not answer: {error}", url.origin().ascii_serialization())
}
