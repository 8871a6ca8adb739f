//! [`BaseUrl`]: where the application lives, the only source of absolute URLs and of cookie security.

use url::{Host, Url};

use crate::error::ConfigError;

/// The public address of the application, such as `https://app.example` or `https://example.com/app`.
///
/// Redirect URIs, cookie attributes and the check for cross-site requests all come from it, never from a
/// request's `Host` or `X-Forwarded-*` headers, which a client can write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    origin: String,
    path: String,
    secure: bool,
    port: Option<u16>,
}

impl BaseUrl {
    /// Reads `text`; `setting` is the name to use in an error.
    ///
    /// # Errors
    ///
    /// When it is not an absolute `https` URL (`http` is accepted for loopback hosts: `localhost`,
    /// `127.0.0.0/8`, `[::1]`), or has user information, a query or a fragment.
    pub fn parse(setting: &str, text: &str) -> Result<Self, ConfigError> {
        let refuse = |problem: String| Err(ConfigError::new(setting.to_owned(), problem));
        let url = match Url::parse(text) {
            Ok(url) => url,
            Err(error) => return refuse(format!("{text:?} is not an absolute URL: {error}")),
        };
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => {
                return refuse(format!("{text:?} must be https; http is for loopback hosts only"));
            }
            other => return refuse(format!("{text:?} has the scheme {other}; it must be https")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("must not hold a user name or password".into());
        }
        if url.path().contains("//") {
            return refuse(format!("{text:?} has an empty path segment"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse(format!("{text:?} must not have a query or fragment"));
        }
        Ok(Self {
            origin: url.origin().ascii_serialization(),
            path: url.path().trim_end_matches('/').to_owned(),
            secure: url.scheme() == "https",
            port: url.port(),
        })
    }

    /// Scheme, host and port, as a browser writes them into the `Origin` header.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The path that the application lives under: empty, or `/app` without a slash at the end.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it is `https`, and cookies are therefore `Secure`.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether it is `https` at a host that is not this machine by name.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.secure && Url::parse(&self.origin).is_ok_and(|url| !is_loopback(&url))
    }

    /// The port, where it is not the scheme's default.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The absolute URL of `path`, which starts with a slash and is relative to this address.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{}{path}", self.origin, self.path)
    }
}

/// Whether the host of `url` is this machine
/// ([RFC 8252 section 7.3](https://www.rfc-editor.org/rfc/rfc8252#section-7.3)).
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_https_and_loopback() {
        let url = BaseUrl::parse("base_url", "https://App.example:443/app/").unwrap();
        assert_eq!(url.origin(), "https://app.example");
        assert_eq!(url.path(), "/app");
        assert_eq!(url.join("/auth/login"), "https://app.example/app/auth/login");
        assert!(url.is_secure());
        for text in ["http://localhost:3000", "http://127.0.0.1", "http://[::1]:8080/"] {
            assert!(!BaseUrl::parse("base_url", text).unwrap().is_secure(), "{text}");
        }
    }

    #[test]
    fn x08_refuses_what_cannot_be_safe() {
        for text in [
            "http://app.example",
            "http://localhost.evil.example",
            "ftp://app.example",
            "https://user@app.example",
            "https://:password@app.example",
            "http://10.0.0.1",
            "http://0.0.0.0",
            "http://[2001:db8::1]",
            "https://app.example/?a=b",
            "https://app.example/#f",
            "https://app.example//app",
            "app.example",
            "",
        ] {
            let error = BaseUrl::parse("AUTH_URL", text).unwrap_err();
            assert!(error.to_string().starts_with("AUTH_URL: "), "{error}");
        }
    }
}
