//! [`ReturnTo`]: where a browser goes after a login, always inside the application.

use std::fmt;
use std::sync::LazyLock;

use url::Url;

use crate::base_url::BaseUrl;
use crate::text::Text;

/// Longest accepted target in bytes. It travels in the attempt's cookie, whose budget is 4 KiB.
const MAX_LEN: usize = 1024;

/// Stands for the application's origin, with the slash that ends it.
static BASE: LazyLock<Option<Url>> = LazyLock::new(|| Url::parse("https://app.invalid/").ok());

/// A path and query on the application's own origin; the only thing the login routes redirect to.
///
/// It can be made only by [`parse`](Self::parse), so a value that leaves the site cannot exist.
#[derive(Clone)]
pub struct ReturnTo(Text);

impl ReturnTo {
    /// Reads a target that a client named. `mount` is the path of the login routes (`/auth`): a target
    /// there would start over.
    ///
    /// # Errors
    ///
    /// When the target is anything but a path on this origin, as a browser would resolve it.
    pub fn parse(target: &str, mount: &str) -> Result<Self, InvalidReturnTo> {
        if target.len() > MAX_LEN {
            return Err(InvalidReturnTo("is longer than 1024 bytes"));
        }
        if !target.starts_with('/') || target.starts_with("//") {
            return Err(InvalidReturnTo("is not a path that starts with a single slash"));
        }
        // Browsers strip tabs and newlines and read a backslash as a slash, so none may occur.
        if !target.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') {
            return Err(InvalidReturnTo("has a character that does not belong into a URL"));
        }
        let path = target.split(['?', '#']).next().unwrap_or_default();
        if has_encoded_control_or_backslash(path) {
            return Err(InvalidReturnTo("has an encoded control character or backslash"));
        }
        // The last word has the algorithm that browsers use (WHATWG URL).
        let base = BASE.as_ref().ok_or(InvalidReturnTo("internal"))?;
        let Ok(resolved) = base.join(target) else {
            return Err(InvalidReturnTo("is not a URL"));
        };
        if !resolved.as_str().starts_with(base.as_str()) || resolved.path().starts_with("//") {
            return Err(InvalidReturnTo("leaves the application"));
        }
        if is_below(resolved.path(), mount) {
            return Err(InvalidReturnTo("is one of the login routes"));
        }
        Ok(Self(target.into()))
    }

    /// The start page of the application.
    #[must_use]
    pub fn start_page(base_url: &BaseUrl) -> Self {
        Self(format!("{}/", base_url.path()).into())
    }

    /// The target, ready for a `Location` header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A target that was sealed by this process or a replica of it.
    pub(crate) fn from_sealed(target: impl Into<Text>) -> Self {
        Self(target.into())
    }
}

impl PartialEq for ReturnTo {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for ReturnTo {}

impl fmt::Debug for ReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReturnTo").field(&self.as_str()).finish()
    }
}

/// Why a target was refused; it is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidReturnTo(&'static str);

impl fmt::Display for InvalidReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the return target {}", self.0)
    }
}

impl std::error::Error for InvalidReturnTo {}

fn has_encoded_control_or_backslash(path: &str) -> bool {
    path.as_bytes().windows(3).any(|window| match window {
        [b'%', high, low] => {
            let hex = |digit: u8| char::from(digit).to_digit(16);
            match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => matches!(high * 16 + low, 0..=0x1f | 0x5c | 0x7f),
                _ => false,
            }
        }
        _ => false,
    })
}

fn is_below(path: &str, mount: &str) -> bool {
    path.strip_prefix(mount).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(target: &str) -> Result<ReturnTo, InvalidReturnTo> {
        ReturnTo::parse(target, "/auth")
    }

    #[test]
    fn ordinary_targets_pass_unchanged() {
        for target in ["/", "/a/b?c=d&e=%2F#f", "/authors", "/search?q=a%5Cb", "/a//b", "/%C3%A4"] {
            assert_eq!(parse(target).unwrap().as_str(), target);
        }
    }

    #[test]
    fn s01_to_s06_off_site_targets_are_refused() {
        for target in [
            "https://evil.example/",
            "HTTPS://evil.example",
            "https:evil.example",
            "//evil.example",
            "///evil.example",
            "////evil.example/%2f..",
            "/\\evil.example",
            "\\/evil.example",
            "\\\\evil.example",
            "/%5cevil.example",
            "/./\\evil.example",
            "/.//evil.example",
            "/a/..//evil.example",
            "/%09/evil.example",
            "/x%7f",
            "/\t/evil.example",
            "/\n/evil.example",
            " /x",
            "/x\0",
            "/ /evil.example",
            "/x\r\nSet-Cookie: a=b",
            "https://app.example@evil.example/",
            "https://app.example%40evil.example",
            "https://app.example:80#@evil.example/",
            "https://app.example:8443/",
            "https://app.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "",
            "evil.example",
            "@evil.example",
            "/\u{2028}x",
        ] {
            assert!(parse(target).is_err(), "{target:?}");
        }
    }

    #[test]
    fn the_login_routes_are_refused() {
        for target in ["/auth", "/auth/login", "/auth/callback/x?code=1", "/x/../auth/logout"] {
            assert!(parse(target).is_err(), "{target:?}");
        }
    }

    #[test]
    fn s15_length_is_bounded() {
        assert!(parse(&format!("/{}", "a".repeat(1023))).is_ok());
        assert!(parse(&format!("/{}", "a".repeat(1024))).is_err());
    }

    proptest! {
        /// Whatever is accepted resolves to the application's own origin from any of its pages.
        #[test]
        fn s10_accepted_targets_stay_on_the_origin(
            target in r"(/|\\|%5c|%09|\t|\.|\.\.|//|@|:|\?|#|evil\.example|https|[a-z%0-9 ]){0,12}",
        ) {
            if let Ok(accepted) = parse(&target) {
                let base = Url::parse("https://app.example/private/page?x").unwrap();
                let resolved = base.join(accepted.as_str()).unwrap();
                prop_assert_eq!(resolved.origin(), base.origin());
                prop_assert!(!resolved.path().starts_with("//"));
            }
        }
    }
}
