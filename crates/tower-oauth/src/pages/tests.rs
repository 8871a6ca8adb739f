//! Tests of the bundled pages as a browser would get them.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    DefaultPages, ErrorPage, Html, Pages, ProviderButton, SignInPage, SignedOutPage, SigningOutPage,
};

const ICON: &str = r#"<path fill="currentColor" d="M4 4h16v16H4z"/>"#;

/// Closes any element, attribute or reference it is put into unescaped.
const HOSTILE: &str = r#"</title></style><script>alert("x")</script>'&amp;"#;

fn provider(display_name: &str, icon: Option<&'static str>) -> ProviderButton {
    ProviderButton {
        key: "acme".to_owned(),
        display_name: display_name.to_owned(),
        href: "/auth/login/acme".to_owned(),
        icon,
        color: None,
    }
}

fn sign_in(text: &str) -> SignInPage {
    SignInPage { providers: vec![provider(text, None), provider("Square", Some(ICON))] }
}

fn error(text: &str) -> ErrorPage {
    ErrorPage {
        status: 400,
        code: "state_mismatch",
        title: text.to_owned(),
        message: text.to_owned(),
        correlation_id: text.to_owned(),
        retry_href: Some(format!("/auth/login?return_to={text}")),
        home_href: format!("/?{text}"),
    }
}

fn signed_out(text: &str) -> SignedOutPage {
    SignedOutPage { sign_in_href: format!("/auth/login?{text}"), home_href: format!("/?{text}") }
}

fn all(text: &str) -> [Html; 3] {
    [
        DefaultPages.sign_in(&sign_in(text)),
        DefaultPages.error(&error(text)),
        DefaultPages.signed_out(&signed_out(text)),
    ]
}

fn style(html: &Html) -> &str {
    let (_, rest) = html.body.split_once("<style>").unwrap();
    rest.split_once("</style>").unwrap().0
}

#[test]
fn what_comes_from_outside_is_escaped() {
    for (hostile, harmless) in all(HOSTILE).iter().zip(all("harmless")) {
        assert!(!hostile.body.contains("<script"));
        assert!(!hostile.body.contains("alert(\""));
        for delimiter in ['<', '>', '"', '\''] {
            let count = |html: &Html| html.body.matches(delimiter).count();
            assert_eq!(count(hostile), count(&harmless), "{delimiter}");
        }
    }
    let page = DefaultPages.error(&error("a & b"));
    assert!(page.body.contains("<h1>a &#38; b</h1>"));
}

#[test]
fn the_policy_admits_the_style_sheet_and_nothing_else() {
    for html in all("text") {
        let hash = STANDARD.encode(digest(&SHA256, style(&html).as_bytes()));
        let expected = format!(
            "default-src 'none'; style-src 'sha256-{hash}'; frame-ancestors 'none'; \
             base-uri 'none'; form-action 'none'"
        );
        assert_eq!(html.content_security_policy, expected);
        assert_eq!(html.body.matches("<style").count(), 1);
    }
}

#[test]
fn nothing_needs_a_script_or_another_origin() {
    for html in all("text") {
        for needle in ["<script", "javascript:", " style=", "http:", "https:", "url(", "@import"] {
            assert!(!html.body.contains(needle), "{needle}");
        }
        for link in html.body.split("href=\"").skip(1) {
            assert!(link.starts_with('/') && !link.starts_with("//"), "{link}");
        }
        assert!(style(&html).len() < 3072);
    }
}

#[test]
fn a_page_can_be_replaced_alone() {
    #[derive(Debug)]
    struct Custom;
    impl Pages for Custom {
        fn sign_in(&self, page: &SignInPage) -> Html {
            Html::new(format!("{} providers", page.providers.len()))
        }
    }
    let custom: Box<dyn Pages> = Box::new(Custom);
    let html = custom.sign_in(&sign_in("Acme"));
    assert_eq!(html.body, "2 providers");
    assert_eq!(
        html.content_security_policy,
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    let [_, error_page, signed_out_page] = all("text");
    assert_eq!(custom.error(&error("text")), error_page);
    assert_eq!(custom.signed_out(&signed_out("text")), signed_out_page);
}

#[test]
fn a_provider_without_an_icon_gets_its_initial() {
    for (name, initial) in [("acme", "A"), ("  „élan“", "É"), ("4chan", "4"), ("—", "")] {
        let html = DefaultPages.sign_in(&SignInPage { providers: vec![provider(name, None)] });
        assert!(html.body.contains(&format!(">{initial}</text></svg>")), "{name}");
    }
    let page = SignInPage { providers: vec![provider("Square", Some(ICON))] };
    let html = DefaultPages.sign_in(&page);
    assert!(html.body.contains(ICON));
    assert!(!html.body.contains("<text"));
}

#[test]
fn without_a_retry_the_start_page_is_the_way_on() {
    let offered = DefaultPages.error(&error("text"));
    assert!(offered.body.contains(">Try again</a>"));
    let page = ErrorPage { retry_href: None, ..error("text") };
    let html = DefaultPages.error(&page);
    assert!(!html.body.contains("Try again"));
    assert!(html.body.contains(r#"<a class="button primary" href="/?text">"#));
}

#[test]
fn the_form_of_a_sign_out_submits_itself_and_shows_no_token() {
    let page = |text: &str| SigningOutPage {
        action: format!("https://op.example/end?{text}"),
        fields: vec![("id_token_hint".to_owned(), text.to_owned())],
    };
    let html = DefaultPages.signing_out(&page("harmless"));
    let (_, script) = html.body.split_once("<script>").unwrap();
    let script = script.split_once("</script>").unwrap().0;
    let hash = |text: &str| STANDARD.encode(digest(&SHA256, text.as_bytes()));
    let expected = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; frame-ancestors 'none'; base-uri 'none'",
        hash(style(&html)),
        hash(script)
    );
    assert_eq!(html.content_security_policy, expected);
    let hostile = DefaultPages.signing_out(&page(HOSTILE));
    for delimiter in ['<', '>', '"'] {
        let count = |html: &Html| html.body.matches(delimiter).count();
        assert_eq!(count(&hostile), count(&html), "{delimiter}");
    }
    let shown = SigningOutPage { action: String::new(), fields: page("canary").fields };
    assert!(!format!("{shown:?} {shown:#?}").contains("canary"));
}
