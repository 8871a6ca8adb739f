//! The cookies: the session's, one for each login attempt, one for a sign-out that is under way, and two that last a
//! minute: the response that a form brought, and how many logins came just before.
//!
//! Read in place from the request's headers, written with the attributes that the base URL calls for.

use std::time::Duration;

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use tower_oauth_core::BaseUrl;

/// Names and attributes, decided once by the base URL.
#[derive(Clone, Debug)]
pub(crate) struct Cookies {
    session: String,
    attempt_prefix: String,
    logout: String,
    secure: bool,
}

/// What the request says of the session cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionCookie<'a> {
    Absent,
    Present(&'a [u8]),
    /// Several, with different values: somebody planted one, and we cannot tell which.
    Ambiguous,
}

impl Cookies {
    /// The `__Host-` prefix has browsers refuse the cookie from other hosts and over plain http
    /// (RFC 6265bis section 4.1.3.2). On `http://localhost` it cannot be used; the port keeps apart
    /// the applications of one machine, since cookies ignore it.
    pub(crate) fn new(base_url: &BaseUrl) -> Self {
        let secure = base_url.is_secure();
        let session = match base_url.port() {
            _ if secure => "__Host-auth".to_owned(),
            Some(port) => format!("auth-{port}"),
            None => "auth".to_owned(),
        };
        let (attempt_prefix, logout) = (format!("{session}-attempt-"), format!("{session}-logout"));
        Self { attempt_prefix, logout, session, secure }
    }

    /// The same with another session cookie: that of the tenant with this label, on a host that several share.
    pub(crate) fn for_tenant(&self, label: &str) -> Self {
        Self { session: format!("{}.{label}", self.session), ..self.clone() }
    }

    pub(crate) fn session<'a>(&'a self, headers: &'a HeaderMap) -> SessionCookie<'a> {
        let mut found = SessionCookie::Absent;
        // Loops, since every request comes this way: an iterator that is flat counts twice as many instructions.
        for line in headers.get_all(COOKIE) {
            for pair in split(line.as_bytes()) {
                let Some(value) = self.session_value(pair) else { continue };
                found = match found {
                    SessionCookie::Absent => SessionCookie::Present(value),
                    SessionCookie::Present(first) if first == value => found,
                    SessionCookie::Present(_) | SessionCookie::Ambiguous => {
                        SessionCookie::Ambiguous
                    }
                };
            }
        }
        found
    }

    /// Every session that the request names.
    pub(crate) fn sessions<'a>(&'a self, headers: &'a HeaderMap) -> impl Iterator<Item = &'a [u8]> {
        lines(headers).flat_map(split).filter_map(|pair| self.session_value(pair))
    }

    /// The value, if `pair` is the session's. It looks at the name first; the rules are those of `pairs`, but that a value
    /// need not be text. One that is none opens nothing.
    fn session_value<'a>(&self, pair: &'a [u8]) -> Option<&'a [u8]> {
        let named = skip_spaces(pair).strip_prefix(self.session.as_bytes())?;
        let value = skip_spaces_behind(named.strip_prefix(b"=")?);
        Some(value).filter(|value| !value.starts_with(b"\""))
    }

    /// The attempts of this browser: (label, sealed), in the order of the header.
    pub(crate) fn attempts<'a>(
        &'a self,
        headers: &'a HeaderMap,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        pairs(headers)
            .filter_map(|(name, value)| Some((name.strip_prefix(&*self.attempt_prefix)?, value)))
    }

    /// The response that a form brought, waiting for the request that brings our cookies.
    pub(crate) fn response<'a>(&'a self, headers: &'a HeaderMap, label: &str) -> Option<&'a str> {
        let name = self.response_name(label);
        pairs(headers).find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// How many logins came just before, each because of the one before.
    pub(crate) fn round(&self, headers: &HeaderMap) -> u8 {
        let name = self.round_name();
        let round = pairs(headers).find(|(found, _)| *found == name);
        round.and_then(|(_, value)| value.parse().ok()).unwrap_or(0)
    }

    pub(crate) fn set_session(&self, value: &str, lifetime: Duration) -> HeaderValue {
        self.write(&self.session, value, lifetime)
    }

    pub(crate) fn clear_session(&self) -> HeaderValue {
        self.write(&self.session, "", Duration::ZERO)
    }

    /// The sign-out of this browser that is under way at a provider.
    pub(crate) fn logout<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        pairs(headers).find(|(name, _)| *name == self.logout).map(|(_, value)| value)
    }

    pub(crate) fn set_logout(&self, sealed: &str, lifetime: Duration) -> HeaderValue {
        self.write(&self.logout, sealed, lifetime)
    }

    pub(crate) fn clear_logout(&self) -> HeaderValue {
        self.set_logout("", Duration::ZERO)
    }

    pub(crate) fn set_attempt(&self, label: &str, sealed: &str, lifetime: Duration) -> HeaderValue {
        self.write(&format!("{}{label}", self.attempt_prefix), sealed, lifetime)
    }

    pub(crate) fn clear_attempt(&self, label: &str) -> HeaderValue {
        self.set_attempt(label, "", Duration::ZERO)
    }

    pub(crate) fn set_response(
        &self,
        label: &str,
        sealed: &str,
        lifetime: Duration,
    ) -> HeaderValue {
        self.write(&self.response_name(label), sealed, lifetime)
    }

    pub(crate) fn clear_response(&self, label: &str) -> HeaderValue {
        self.set_response(label, "", Duration::ZERO)
    }

    pub(crate) fn set_round(&self, round: u8, lifetime: Duration) -> HeaderValue {
        self.write(&self.round_name(), &round.to_string(), lifetime)
    }

    pub(crate) fn clear_round(&self) -> HeaderValue {
        self.write(&self.round_name(), "", Duration::ZERO)
    }

    fn response_name(&self, label: &str) -> String {
        format!("{}-response-{label}", self.session)
    }

    fn round_name(&self) -> String {
        format!("{}-round", self.session)
    }

    /// All are `Lax`: they come with links from elsewhere, and with no form of another site.
    fn write(&self, name: &str, value: &str, lifetime: Duration) -> HeaderValue {
        let secure = if self.secure { "; Secure" } else { "" };
        let max_age = lifetime.as_secs();
        let text =
            format!("{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}");
        // Names and values are of the URL-safe base64 alphabet, labels were read from a header.
        let mut header =
            HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("invalid="));
        header.set_sensitive(true);
        header
    }
}

/// The cookies of a request. Names count byte for byte; values in quotes or without a name do not count.
///
/// Read as bytes: another cookie of the same host may hold anything, which must not hide ours.
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    lines(headers)
        .flat_map(split)
        .filter_map(|pair| std::str::from_utf8(pair).ok())
        .filter_map(|pair| pair.trim_matches(' ').split_once('='))
        .filter(|(_, value)| !value.starts_with('"'))
}

fn lines(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers.get_all(COOKIE).into_iter().map(HeaderValue::as_bytes)
}

/// The pairs of a line. By `memchr`, since a session may be in its cookie, which then has kilobytes.
fn split(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest?;
        let Some((pair, after)) =
            memchr::memchr(b';', line).and_then(|end| line.split_at_checked(end))
        else {
            return rest.take();
        };
        rest = after.get(1..);
        Some(pair)
    })
}

fn skip_spaces(mut pair: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] = pair {
        pair = rest;
    }
    pair
}

fn skip_spaces_behind(mut value: &[u8]) -> &[u8] {
    while let [rest @ .., b' '] = value {
        value = rest;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookies(base_url: &str) -> Cookies {
        Cookies::new(&BaseUrl::parse("base_url", base_url).unwrap())
    }

    fn session(lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_str(line).unwrap());
        }
        format!("{:?}", cookies("https://app.example").session(&headers))
    }

    #[test]
    fn k01_attributes_follow_the_base_url() {
        let secure = cookies("https://app.example").set_session("v", Duration::from_secs(9));
        assert_eq!(secure, "__Host-auth=v; Path=/; Max-Age=9; HttpOnly; SameSite=Lax; Secure");
        let local = cookies("http://localhost:3000").set_session("v", Duration::from_secs(9));
        assert_eq!(local, "auth-3000=v; Path=/; Max-Age=9; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn c33_no_cookie_comes_with_a_form_of_another_site() {
        let (cookies, minute) = (cookies("https://app.example"), Duration::from_secs(60));
        for header in [
            cookies.set_attempt("l", "s", minute),
            cookies.set_response("l", "s", minute),
            cookies.set_round(1, minute),
        ] {
            let text = header.to_str().unwrap();
            assert!(text.starts_with("__Host-auth-") && text.contains("; SameSite=Lax; Secure"));
        }
    }

    #[test]
    fn k19_clearing_has_the_same_attributes() {
        let cleared = cookies("https://app.example").clear_session();
        assert_eq!(cleared, "__Host-auth=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(format!("{cleared:?}"), "Sensitive");
        let cleared = cookies("https://app.example").clear_attempt("l");
        assert_eq!(
            cleared,
            "__Host-auth-attempt-l=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"
        );
    }

    fn present(value: &[u8]) -> String {
        format!("{:?}", SessionCookie::Present(value))
    }

    #[test]
    fn k08_different_values_of_one_name_are_ambiguous() {
        assert_eq!(session(&["__Host-auth=a; x=y; __Host-auth=b"]), "Ambiguous");
        assert_eq!(session(&["__Host-auth=a", "__Host-auth=b"]), "Ambiguous");
        assert_eq!(session(&["__Host-auth=a; __Host-auth=b; __Host-auth=b"]), "Ambiguous");
        assert_eq!(session(&["__Host-auth=a; __Host-auth=a"]), present(b"a"));
    }

    #[test]
    fn k09_only_the_exact_name_counts() {
        for line in [
            "__host-auth=a",
            "__Host-auth =a",
            "=__Host-auth=a",
            "x__Host-auth=a",
            "__Host-auth",
            "__Host-auth=\"a; x=\"",
            "\t__Host-auth=a",
            "$Version=1; \"__Host-auth\"=a",
        ] {
            assert_eq!(session(&[line]), "Absent", "{line}");
        }
        assert_eq!(session(&["a=b;__Host-auth=c"]), present(b"c"));
    }

    #[test]
    fn k08_a_value_that_is_no_text_is_a_value() {
        let found = |line: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.append(COOKIE, HeaderValue::from_bytes(line).unwrap());
            format!("{:?}", cookies("https://app.example").session(&headers))
        };
        assert_eq!(found(b"__Host-auth=\xff"), present(b"\xff"));
        assert_eq!(found(b"__Host-auth=a; __Host-auth=\xff"), "Ambiguous");
    }

    #[test]
    fn cookies_of_others_hide_nothing() {
        let mut headers = HeaderMap::new();
        let line = b"theme=\xff\xfe; name=J\xc3\xb6rg; __Host-auth=c; x";
        headers.append(COOKIE, HeaderValue::from_bytes(line).unwrap());
        let found = cookies("https://app.example");
        assert_eq!(found.session(&headers), SessionCookie::Present(b"c"));
    }
}
