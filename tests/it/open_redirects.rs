//! s10: targets elsewhere in every spelling, through every route that redirects into the application. What a
//! browser would make of each `Location`, the WHATWG URL parser says.

use std::collections::BTreeSet;

use http::Method;
use tower_oauth_test::{Signing, TestBrowser};
use tower_oauth_tests::{BASE_URL, Setup};
use url::Url;

use crate::login::{callback_url, url_encode};

/// Cases S01 to S06, S09, S12 and S13 of the catalogue, as they stand there.
const TARGETS: [&str; 48] = [
    "https://evil.example/",
    "http://evil.example/",
    "HTTPS://evil.example/",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example/%2f..",
    "//@evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/%5cevil.example",
    "/./\\evil.example",
    "/../../\\evil.example",
    "/%09/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "/\u{b}/evil.example",
    "/ /evil.example",
    " //evil.example",
    "//evil.example\0",
    "ja%0dvascript:alert(1)",
    "https://app.example@evil.example/",
    "https://app.example%40evil.example",
    "https://app.example:80#@evil.example/",
    "https://app.example:8443/",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "blob:https://app.example/x",
    "view-source:https://evil.example",
    "https://evil-app.example",
    "https://app.example.evil.test",
    "https://app.example%00.evil",
    "/x\r\nSet-Cookie: a=b",
    "/x\rSet-Cookie: a=b",
    "/x\nSet-Cookie: a=b",
    "/x\0",
    "%",
    "%zz",
    "http://[",
    "http://[::1",
    ":",
    "",
];

/// Each target in the spellings that have fooled somebody.
fn corpus() -> BTreeSet<String> {
    let mut corpus = BTreeSet::new();
    for target in TARGETS {
        let bare = target.trim_start_matches(['/', '\\', ' ']);
        corpus.extend([
            target.to_owned(),
            target.to_uppercase(),
            url_encode(target),
            target.replace('/', "\\"),
            target.replace('/', "%2f"),
            target.replace('/', "%5C"),
            target.replace('/', "\u{ff0f}"),
            target.replace('.', "\u{3002}"),
        ]);
        for start in [
            "/",
            "//",
            "///",
            "/\\",
            "\\",
            "/./",
            "/.//",
            "/x/..//",
            "/%2e%2e//",
            "/..;//",
            "/;//",
            "/?//",
            "/#//",
            "?",
            "#",
            " ",
            "\t",
            "\r\n",
            "\0",
            "\u{a0}",
            "\u{2028}",
            "\u{feff}",
            "/%09//",
            "/%0a/",
            "http://app.example",
            "https://app.example",
            "https://app.example.",
            "@",
            ".",
            "..",
        ] {
            corpus.insert(format!("{start}{target}"));
            corpus.insert(format!("{start}{bare}"));
        }
        // A tab or a line break anywhere in front is nothing to a browser.
        for (place, _) in target.char_indices().take(4) {
            for blank in ["\t", "\n", "%09"] {
                let mut split = target.to_owned();
                split.insert_str(place, blank);
                corpus.insert(split);
            }
        }
    }
    corpus
}

/// Where a browser that is at the application goes on this `Location`.
fn stays(location: &str, target: &str) {
    let origin = Url::parse(BASE_URL).unwrap().origin();
    let resolved = Url::parse("https://app.example/private").unwrap().join(location).unwrap();
    assert_eq!(resolved.origin(), origin, "{target:?} went to {location:?}");
    assert!(!resolved.path().starts_with("//"), "{target:?} went to {location:?}");
}

async fn post(browser: &TestBrowser, path: &str, target: &str) -> TestBrowser {
    let mut tab = browser.clone();
    tab.post(path, &[("return_to", target)]).await;
    tab
}

#[tokio::test]
async fn s10_no_spelling_of_a_target_leaves_the_site() {
    let setup = Setup::with(|op| op.signing(Signing::Es256));
    setup.provider.approve_as(Some("alice"));
    let auth = setup.auth();
    let corpus = corpus();
    assert!(corpus.len() > 2500, "{}", corpus.len());
    for target in &corpus {
        let browser = setup.browser(&auth);
        let callback =
            callback_url(&browser, &format!("/auth/login?return_to={}", url_encode(target))).await;
        let page = browser.request(Method::GET, &callback, &[]).await;
        assert_eq!(page.status(), 303, "{target:?}");
        stays(page.header("location"), target);
        // A form follows redirects to the end, and the browser refuses none.
        let tab = post(&browser, "/auth/logout", target).await;
        assert_eq!(tab.page().url().origin().ascii_serialization(), BASE_URL, "{target:?}");
    }
}

/// The other ways in, with the catalogue's own spellings.
#[tokio::test]
async fn s05_s10_targets_in_forms_and_after_a_sign_out() {
    let setup = Setup::with(|op| op.signing(Signing::Es256));
    setup.provider.approve_as(Some("alice"));
    let auth = setup.auth();
    for target in TARGETS {
        let mut tab = post(&setup.browser(&auth), "/auth/login/op", target).await;
        assert_eq!(tab.page().url().as_str(), format!("{BASE_URL}/"), "{target:?}");
        let page = tab.open(&format!("/auth/logged-out?return_to={}", url_encode(target))).await;
        assert!(
            page.links().iter().all(|link| ["/auth/login", "/"].contains(&&*link.href)),
            "{target:?}"
        );
    }
}
