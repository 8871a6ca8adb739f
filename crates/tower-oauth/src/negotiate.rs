//! Who is asking: a person's navigation, a script, another site, or a browser that only warms up.

use http::header::{ACCEPT, AsHeaderName, HOST, ORIGIN, REFERER};
use http::{HeaderMap, HeaderName, Method};
use tower_oauth_core::BaseUrl;

/// Fetch Metadata (<https://www.w3.org/TR/fetch-metadata/>).
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Where browsers and proxies say that they fetch ahead.
static PURPOSES: [HeaderName; 4] = [
    HeaderName::from_static("sec-purpose"),
    HeaderName::from_static("purpose"),
    HeaderName::from_static("x-purpose"),
    HeaderName::from_static("x-moz"),
];

/// Whether the request is a navigation that may be answered with a redirect to the sign-in page.
///
/// Browsers say so in Fetch Metadata (<https://www.w3.org/TR/fetch-metadata/>); for those that do not, a
/// request for HTML counts. Everything else gets a status that a script can read.
pub(crate) fn is_navigation(method: &Method, headers: &HeaderMap) -> bool {
    if method != Method::GET {
        return false;
    }
    match text(headers, SEC_FETCH_MODE) {
        Some(mode) => mode == "navigate" && text(headers, SEC_FETCH_DEST) == Some("document"),
        None => wants_html(headers) && !headers.contains_key("x-requested-with"),
    }
}

/// Whether whoever asks can read a page.
pub(crate) fn wants_html(headers: &HeaderMap) -> bool {
    text(headers, ACCEPT).is_some_and(|accept| accept.contains("text/html"))
        || (!headers.contains_key(ACCEPT) && text(headers, SEC_FETCH_MODE) == Some("navigate"))
}

/// Whether the browser, or something in front of it, fetches the page in case a person wants it later.
pub(crate) fn is_prefetch(headers: &HeaderMap) -> bool {
    PURPOSES.iter().any(|name| {
        text(headers, name).is_some_and(|value| {
            ["prefetch", "prerender", "preview"].into_iter().any(|word| value.contains(word))
        })
    })
}

/// Whether a `GET` can be a person's own navigation of this tab: not a picture, a frame or a script's request.
///
/// A link on another site counts. It could as well point at a page that requires a login, which starts the
/// same login, so refusing it would protect nothing.
pub(crate) fn is_top_level(headers: &HeaderMap) -> bool {
    let allows = |name, value| text(headers, name).is_none_or(|sent| sent == value);
    allows(SEC_FETCH_MODE, "navigate") && allows(SEC_FETCH_DEST, "document")
}

/// Whether a `POST` comes from a page of this application, or from no browser at all.
pub(crate) fn is_own_site(headers: &HeaderMap, base_url: &BaseUrl) -> bool {
    match text(headers, SEC_FETCH_SITE) {
        Some(site) => site == "same-origin" || site == "none",
        None => headers.get(ORIGIN).is_none_or(|origin| origin == base_url.origin()),
    }
}

/// Whether htmx asks, which follows a header where a browser would follow a redirect.
pub(crate) fn is_htmx(headers: &HeaderMap) -> bool {
    text(headers, "hx-request") == Some("true")
}

/// The page that htmx asks for: the one that the browser shows, unless the request is a navigation that htmx makes in its
/// place. A URL, as the browser says.
pub(crate) fn htmx_page(headers: &HeaderMap) -> Option<&str> {
    if text(headers, "hx-boosted") == Some("true") { None } else { text(headers, "hx-current-url") }
}

/// Where the browser is, if that is for certain not where `base_url` says: a cookie that is set there comes not back.
///
/// `Host` alone says little, since proxies rewrite it. It is believed where the browser itself names the same host in
/// `Referer`, or where both are names of this machine, at one port. Ports do not count: cookies are shared by all of a host's.
pub(crate) fn is_elsewhere<'a>(headers: &'a HeaderMap, base_url: &BaseUrl) -> Option<&'a str> {
    let host = text(headers, HOST)?;
    let (base_scheme, base_host) = base_url.origin().split_once("://")?;
    let (name, base_name) = (host_name(host), host_name(base_host));
    let same_name = name.eq_ignore_ascii_case(base_name);
    let port = |host: &'a str| host.strip_prefix(host_name(host));
    if !same_name && is_this_machine(name) && is_this_machine(base_name) {
        return (port(host) == base_host.strip_prefix(base_name)).then_some(host);
    }
    let referer = text(headers, REFERER)?;
    let (scheme, rest) = referer.split_once("://")?;
    let is_seen = rest.split(['/', '?', '#']).next()?.eq_ignore_ascii_case(host);
    let own_page = text(headers, SEC_FETCH_SITE).is_none_or(|site| site == "same-origin");
    (is_seen && own_page && !(same_name && scheme == base_scheme)).then_some(host)
}

/// `host` without its port.
fn host_name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

fn is_this_machine(name: &str) -> bool {
    ["localhost", "[::1]", "0.0.0.0"].contains(&name)
        || name.ends_with(".localhost")
        || name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

/// Whether that question depends on which origin is the application's.
pub(crate) fn is_decided_by_origin(headers: &HeaderMap) -> bool {
    text(headers, SEC_FETCH_SITE).is_none() && headers.contains_key(ORIGIN)
}

fn text(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn s18_scripts_are_not_navigations() {
        for (pairs, expected) in [
            (&[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")][..], true),
            (&[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")], false),
            (&[("sec-fetch-mode", "cors"), ("accept", "text/html")], false),
            (&[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "document")], false),
            (&[("accept", "text/html,*/*")], true),
            (&[("accept", "text/html"), ("x-requested-with", "XMLHttpRequest")], false),
            (&[("accept", "application/json")], false),
            (&[("upgrade", "websocket")], false),
            (&[], false),
        ] {
            assert_eq!(is_navigation(&Method::GET, &headers(pairs)), expected, "{pairs:?}");
            assert!(!is_navigation(&Method::POST, &headers(pairs)));
        }
    }

    #[test]
    fn prefetches_are_recognised() {
        for (name, value) in [
            ("sec-purpose", "prefetch;prerender"),
            ("purpose", "prefetch"),
            ("x-moz", "prefetch"),
            ("sec-purpose", "prerender"),
            ("x-purpose", "preview"),
        ] {
            assert!(is_prefetch(&headers(&[(name, value)])));
        }
        assert!(!is_prefetch(&headers(&[("sec-fetch-mode", "navigate")])));
    }

    #[test]
    fn l01_posts_from_elsewhere_are_recognised() {
        let base_url = BaseUrl::parse("base_url", "https://app.example/x").unwrap();
        for (pairs, expected) in [
            (&[("sec-fetch-site", "same-origin")][..], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("origin", "https://app.example")], true),
            (&[("origin", "https://evil.example")], false),
            (&[("origin", "null")], false),
            (&[("sec-fetch-site", "same-origin"), ("origin", "null")], true),
            (&[], true),
        ] {
            assert_eq!(is_own_site(&headers(pairs), &base_url), expected, "{pairs:?}");
        }
    }

    #[test]
    fn s16_mode_and_destination_each_count() {
        for (mode, destination, expected) in [
            ("navigate", "document", true),
            ("no-cors", "document", false),
            ("navigate", "iframe", false),
        ] {
            let pairs = [("sec-fetch-mode", mode), ("sec-fetch-dest", destination)];
            assert_eq!(is_top_level(&headers(&pairs)), expected, "{pairs:?}");
        }
        assert!(is_top_level(&headers(&[])));
    }
}
