//! One provider's whole story: a login, a login that it refuses, one without a profile, a token that is refreshed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde_json::json;
use tower_oauth::{Auth, Provider};
use tower_oauth_test::{ManualClock, Page, TestBrowser};
use tower_oauth_tests::{BASE_URL, app};
use url::Url;

use crate::document::Document;
use crate::played::{Mood, Played, find};
use crate::{CLIENT_ID, CODE, client_secret};

/// Plays the document of `key` to the provider that `make` makes.
pub(crate) async fn as_documented(key: &str, make: impl Fn() -> Provider) {
    plays(key, &Document::of(key), make).await;
}

/// Plays this document, which is of `key` or made from it.
pub(crate) async fn plays(key: &str, document: &Document, make: impl Fn() -> Provider) {
    signs_in(document, make()).await;
    is_refused(document, make()).await;
    for number in 0..document.userinfo.len() {
        misses_a_profile_request(document, make(), number).await;
    }
    if document.expect.email.as_ref().is_some_and(|email| email.starts_with("Verified")) {
        distrusts(key, document.clone().unverified(), make()).await;
    }
    if document.refresh.is_some() {
        refreshes(document, make().offline_access()).await;
    }
}

/// The last page of a login at the provider of this document.
pub(crate) async fn outcome(document: &Document, provider: Provider) -> Page {
    Login::at(document, provider, Mood::Willing).finish().await
}

async fn signs_in(document: &Document, provider: Provider) {
    let mut login = Login::at(document, provider, Mood::Willing);
    let profile = login.finish().await;
    assert_eq!(profile.status(), 200, "{}", profile.text());
    let profile = profile.json();
    let expect = &document.expect;
    assert_eq!(profile["issuer"], expect.issuer);
    assert_eq!(profile["subject"], expect.subject);
    assert_eq!(profile["name"], json!(expect.name));
    assert_eq!(profile["username"], json!(expect.username));
    assert_eq!(profile["email"], json!(expect.email));
    assert_eq!(profile["picture"], json!(expect.picture));
    assert_eq!(profile["claims"]["locale"], json!(expect.locale));

    let mut asked = vec!["authorization_code".to_owned()];
    asked.extend(document.userinfo.iter().map(|request| request.url.clone()));
    assert_eq!(login.played.asked(), asked);

    let token = login.browser.open("/token").await.json();
    assert_eq!(token["token"], find(&document.token.response.body, "access_token"));
    assert_eq!(token["expires_in"], json!(expect.expires_in));
    assert_eq!(token["scopes"], json!(expect.scopes));
}

/// Those who hand out addresses only that they checked, and so say nothing of it.
const CHECKED_ONLY: [&str; 1] = ["x"];

async fn distrusts(key: &str, document: Document, provider: Provider) {
    let mut login = Login::at(&document, provider, Mood::Willing);
    let profile = login.finish().await.json();
    assert_eq!(profile["subject"], document.expect.subject);
    let verified = profile["email"].to_string().contains("Verified");
    assert_eq!(verified, CHECKED_ONLY.contains(&key), "{}", profile["email"]);
}

async fn is_refused(document: &Document, provider: Provider) {
    let mut login = Login::at(document, provider, Mood::Refusing);
    let page = login.finish().await;
    let text = page.text();
    assert!(text.contains(&document.error.code), "{}: {text}", document.error.code);
    assert_eq!(login.played.asked(), ["authorization_code"], "the profile was not asked for");
    for secret in [CODE, &client_secret()] {
        assert!(!text.contains(secret), "the page tells {secret}");
    }
    assert_eq!(login.browser.open("/").await.text(), "Hello, stranger!");
}

async fn misses_a_profile_request(document: &Document, provider: Provider, number: usize) {
    let mut login = Login::at(document, provider, Mood::Secretive(number));
    let page = login.finish().await;
    if document.userinfo[number].optional {
        assert_eq!(page.json()["subject"], document.expect.subject);
        let email = page.json()["email"].clone();
        assert!(!email.to_string().contains("Verified"), "{email}");
    } else {
        assert!(page.text().contains("userinfo"), "{}", page.text());
        assert_eq!(login.browser.open("/").await.text(), "Hello, stranger!");
    }
}

/// What a route says that wants a token, once the token of the login at this document has expired.
pub(crate) async fn after_expiry(document: &Document, provider: Provider) -> Page {
    let mut login = Login::at(document, provider, Mood::Offline);
    login.outlive_the_token().await
}

async fn refreshes(document: &Document, provider: Provider) {
    let mut login = Login::at(document, provider, Mood::Offline);
    let page = login.outlive_the_token().await;
    assert_eq!(page.status(), 200, "{}", page.text());
    let refresh = document.refresh.as_ref().expect("a documented refresh");
    assert_eq!(page.json()["token"], find(&refresh.response.body, "access_token"));
    assert_eq!(login.played.asked().last().map(String::as_str), Some("refresh_token"));
}

/// An application with one way to sign in, and a browser in front of it.
struct Login<'a> {
    document: &'a Document,
    played: Arc<Played>,
    clock: ManualClock,
    browser: TestBrowser,
    key: String,
}

impl<'a> Login<'a> {
    fn at(document: &'a Document, provider: Provider, mood: Mood) -> Self {
        let played = Arc::new(Played::new(document.clone(), mood));
        let clock = ManualClock::new();
        let key = provider.login_key().to_owned();
        let auth = Auth::builder(BASE_URL)
            .http_client(Arc::<Played>::clone(&played))
            .clock(Arc::new(clock.clone()))
            .provider(provider)
            .build()
            .expect("a configuration");
        let browser = TestBrowser::new(BASE_URL, app(&auth), Arc::<Played>::clone(&played));
        Self { document, played, clock, browser, key }
    }

    /// Signs in, lets ten minutes pass, and asks for a token.
    async fn outlive_the_token(&mut self) -> Page {
        let profile = self.finish().await;
        assert_eq!(profile.status(), 200, "{}", profile.text());
        self.clock.advance(Duration::from_secs(601));
        self.browser.request(Method::GET, "/token", &[("accept", "application/json")]).await
    }

    /// Starts the login, checks where it goes, and brings the code back.
    async fn finish(&mut self) -> Page {
        let path = "/auth/login?return_to=/profile";
        let start = self.browser.request(Method::GET, path, &[]).await;
        assert_eq!(start.status(), 303, "{}", start.text());
        let url = Url::parse(start.header("location")).expect("a URL");
        let state = self.check_authorization(&url);
        let mut fields = vec![("code", CODE), ("state", &*state)];
        let authorization = &self.document.authorization;
        fields.extend(authorization.response.iter().map(|(name, value)| (&**name, &**value)));
        let callback = format!("/auth/callback/{}", self.key);
        if authorization.parameters.get("response_mode").is_some_and(|mode| mode == "form_post") {
            let origin = url.origin().ascii_serialization();
            let kept = self.browser.post_from(&origin, &callback, &fields).await;
            return self.browser.open(kept.header("location")).await;
        }
        let query =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.browser.open(&format!("{callback}?{query}")).await
    }

    /// The `state` of an authorization request that is as documented.
    fn check_authorization(&self, url: &Url) -> String {
        let expected = &self.document.authorization;
        let endpoint = url.as_str().split(['?', '#']).next();
        assert_eq!(endpoint, Some(&*expected.endpoint));
        assert_eq!(url.fragment(), expected.fragment.as_deref());
        let mut sent: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        let mut take = |name: &str| sent.remove(name);
        assert_eq!(take("response_type").as_deref(), Some("code"));
        assert_eq!(take(&expected.client_id).as_deref(), Some(CLIENT_ID));
        let callback = format!("{BASE_URL}/auth/callback/{}", self.key);
        assert_eq!(take("redirect_uri"), Some(callback));
        assert_eq!(take("code_challenge").is_some(), expected.pkce, "the code_challenge");
        let method = expected.pkce.then_some("S256");
        assert_eq!(take("code_challenge_method").as_deref(), method);
        let nonce = take("nonce");
        assert_eq!(nonce.is_some(), expected.nonce, "the nonce");
        self.played.remember_nonce(nonce);
        let state = take("state").expect("a state");
        let (mut scope, mut parameters) = (expected.scope.clone(), expected.parameters.clone());
        if let (Mood::Offline, Some(refresh)) = (self.played.mood(), &self.document.refresh) {
            let separator = if scope.contains(',') { ',' } else { ' ' };
            scope.extend(refresh.scope.iter().map(|more| format!("{separator}{more}")));
            parameters.extend(refresh.parameters.clone());
        }
        assert_eq!(take("scope").unwrap_or_default(), scope);
        assert_eq!(sent, parameters);
        state
    }
}
