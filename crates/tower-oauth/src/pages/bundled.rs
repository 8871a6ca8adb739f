//! The pages that come with the crate: templates, style sheet and the policy that admits it.

use std::sync::LazyLock;

use askama::Template;
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::HeaderValue;

use super::{ErrorPage, Html, SignInPage, SignedInPage, SignedOutPage, SigningOutPage};

/// The style sheet as it stands in every page: templates end without their final newline.
const STYLE: &str = include_str!("../../templates/style.css").trim_ascii_end();

/// Admits the one inline style sheet, and plain links to anywhere; nothing else.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| policy(""));

/// The same, and the script of the page that closes its window.
static SIGNED_IN_POLICY: LazyLock<HeaderValue> =
    LazyLock::new(|| policy(&format!("script-src 'sha256-{}'; ", hash(SignedInPage::SCRIPT))));

fn policy(script: &str) -> HeaderValue {
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; {script}frame-ancestors 'none'; \
         base-uri 'none'; form-action 'none'",
        hash(STYLE)
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

fn hash(text: &str) -> String {
    STANDARD.encode(digest(&SHA256, text.as_bytes()))
}

/// What submits the form of a sign-out.
const SUBMIT: &str = "document.forms[0].submit()";

/// Admits that script besides. No `form-action`: the provider may be on several hosts and redirects back to us, and
/// Chromium holds all of those against it; the page has one form and nothing of a stranger's.
static SUBMITTING: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = |text: &str| STANDARD.encode(digest(&SHA256, text.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; frame-ancestors 'none'; \
         base-uri 'none'",
        hash(STYLE),
        hash(SUBMIT)
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    page: &'a SignInPage,
}

#[derive(Template)]
#[template(path = "error.html")]
struct Error<'a> {
    page: &'a ErrorPage,
}

#[derive(Template)]
#[template(path = "signed_in.html")]
struct SignedIn<'a> {
    page: &'a SignedInPage,
}

#[derive(Template)]
#[template(path = "signing_out.html")]
struct SigningOut<'a> {
    page: &'a SigningOutPage,
    script: &'static str,
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOut<'a> {
    page: &'a SignedOutPage,
}

pub(super) fn sign_in(page: &SignInPage) -> Html {
    bundled(&SignIn { page })
}

pub(super) fn error(page: &ErrorPage) -> Html {
    bundled(&Error { page })
}

pub(super) fn signed_in(page: &SignedInPage) -> Html {
    bundled(&SignedIn { page }).content_security_policy(SIGNED_IN_POLICY.clone())
}

pub(super) fn signing_out(page: &SigningOutPage) -> Html {
    let html = SigningOut { page, script: SUBMIT }.to_string();
    Html::new(html).content_security_policy(SUBMITTING.clone())
}

pub(super) fn signed_out(page: &SignedOutPage) -> Html {
    bundled(&SignedOut { page })
}

fn bundled(template: &impl ToString) -> Html {
    Html::new(template.to_string()).content_security_policy(POLICY.clone())
}
