//! The pages a browser sees, each with a content security policy that permits only what is on it.

use askama::Template;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Response, StatusCode};
use url::{Host, Url};

use super::reply;

const STYLE: &str = include_str!("../../templates/page.css");
const SUBMIT_SCRIPT: &str = "document.forms[0].submit();";

/// One button of the [`choose`] page.
pub(super) struct Choice<'a> {
    pub(super) subject: &'a str,
    pub(super) name: &'a str,
    pub(super) detail: &'a str,
}

impl Choice<'_> {
    fn initial(&self) -> char {
        self.name.chars().next().unwrap_or('?')
    }
}

#[derive(Template)]
#[template(path = "choose.html")]
struct ChoosePage<'a> {
    style: &'static str,
    client_id: &'a str,
    destination: &'a str,
    scope: &'a [&'a str],
    action: &'a str,
    parameters: &'a [(&'a str, &'a str)],
    choices: &'a [Choice<'a>],
}

/// Asks which user to be. The form repeats the parameters of the authorization request.
pub(super) fn choose(
    client_id: &str,
    redirect_uri: &Url,
    scope: &[&str],
    action: &str,
    parameters: &[(&str, &str)],
    choices: &[Choice<'_>],
) -> Response<Bytes> {
    let destination = match redirect_uri.authority() {
        "" => redirect_uri.scheme(),
        authority => authority,
    };
    let style = STYLE;
    let page = ChoosePage { style, client_id, destination, scope, action, parameters, choices };
    // The answer to the form is a redirect to the client, which browsers hold against form-action too.
    let form_action = format!("'self' {}", source_of(redirect_uri));
    reply::html(StatusCode::OK, rendered(&page), &policy(&form_action, None))
}

#[derive(Template)]
#[template(path = "form_post.html")]
struct FormPostPage<'a> {
    style: &'static str,
    script: &'static str,
    action: &'a str,
    parameters: &'a [(&'a str, &'a str)],
}

/// Sends the authorization response as a form (OAuth 2.0 Form Post Response Mode).
pub(super) fn form_post(redirect_uri: &str, parameters: &[(&str, &str)]) -> Response<Bytes> {
    let page =
        FormPostPage { style: STYLE, script: SUBMIT_SCRIPT, action: redirect_uri, parameters };
    let form_action =
        Url::parse(redirect_uri).map_or_else(|_| "'none'".to_owned(), |url| source_of(&url));
    reply::html(StatusCode::OK, rendered(&page), &policy(&form_action, Some(SUBMIT_SCRIPT)))
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOutPage<'a> {
    style: &'static str,
    frame: &'a str,
    target: &'a str,
}

/// Tells the client in a frame that the user signed out, and leads back to it.
pub(super) fn signed_out(frame: &str, target: &str) -> Response<Bytes> {
    let page = SignedOutPage { style: STYLE, frame, target };
    let frames = Url::parse(frame).map_or_else(|_| "'none'".to_owned(), |url| source_of(&url));
    let policy = format!("{}; frame-src {frames}", policy("'none'", None));
    reply::html(StatusCode::OK, rendered(&page), &policy)
}

#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage<'a> {
    style: &'static str,
    title: &'a str,
    text: &'a str,
}

/// Tells something to the user, with nowhere to go from there.
pub(super) fn message(status: StatusCode, title: &str, text: &str) -> Response<Bytes> {
    let page = MessagePage { style: STYLE, title, text };
    reply::html(status, rendered(&page), &policy("'none'", None))
}

fn rendered(page: &impl Template) -> String {
    page.render().expect("writing to a string does not fail")
}

fn policy(form_action: &str, script: Option<&str>) -> String {
    let hash =
        |text: &str| format!("'sha256-{}'", STANDARD.encode(digest(&SHA256, text.as_bytes())));
    let script = script.map_or_else(|| "'none'".to_owned(), hash);
    format!(
        "default-src 'none'; style-src {}; script-src {script}; form-action {form_action}; \
         base-uri 'none'; frame-ancestors 'none'",
        hash(STYLE)
    )
}

/// The source expression that permits `url`. The grammar has no IPv6 hosts and no origin for schemes
/// other than HTTP, so for those it is the scheme.
fn source_of(url: &Url) -> String {
    match url.host() {
        Some(Host::Domain(_) | Host::Ipv4(_)) if url.origin().is_tuple() => {
            url.origin().ascii_serialization()
        }
        _ => format!("{}:", url.scheme()),
    }
}
