//! The cookies of a [`TestBrowser`](super::TestBrowser), by the rules of RFC 6265bis that matter for a login.

use http::HeaderValue;
use url::Url;

/// Cookies in the order they were set.
#[derive(Debug, Default)]
pub(super) struct Jar(Vec<Cookie>);

#[derive(Debug)]
struct Cookie {
    host: String,
    path: String,
    name: String,
    value: String,
    secure: bool,
    cross_site_post: bool,
}

impl Jar {
    /// Takes in a `Set-Cookie` line from `url`, or refuses it as a browser does.
    pub(super) fn set(&mut self, url: &Url, line: &str) {
        let mut parts = line.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            return;
        };
        let attributes: Vec<(String, &str)> = parts
            .map(|part| part.split_once('=').unwrap_or((part, "")))
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .collect();
        let find = |name: &str| attributes.iter().find(|(found, _)| found == name).map(|(_, v)| *v);
        let secure = find("secure").is_some();
        let host_prefix_holds = secure && find("domain").is_none() && find("path") == Some("/");
        let trustworthy = url.scheme() == "https";
        if name.starts_with("__Host-") && !host_prefix_holds || secure && !trustworthy {
            return;
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        let path = find("path").filter(|path| path.starts_with('/')).unwrap_or("/").to_owned();
        self.0.retain(|cookie| cookie.host != host || cookie.path != path || cookie.name != name);
        let is_over = find("max-age").and_then(|age| age.parse().ok()) == Some(0)
            || find("expires").is_some_and(|date| date.contains("1970"));
        if is_over {
            return;
        }
        let same_site = find("samesite").unwrap_or("lax");
        self.0.push(Cookie {
            host,
            path,
            name: name.to_owned(),
            value: value.to_owned(),
            secure,
            cross_site_post: same_site.eq_ignore_ascii_case("none") && secure,
        });
    }

    pub(super) fn plant(&mut self, url: &Url, name: &str, value: &str) {
        self.0.push(Cookie {
            host: url.host_str().unwrap_or_default().to_owned(),
            path: "/".into(),
            name: name.to_owned(),
            value: value.to_owned(),
            secure: false,
            cross_site_post: false,
        });
    }

    pub(super) fn forget(&mut self, name: &str) {
        self.0.retain(|cookie| cookie.name != name);
    }

    /// The cookies of a request to `url`; `lax` unless it is a cross-site request with an unsafe method.
    pub(super) fn for_request(&self, url: &Url, lax: bool) -> Vec<(String, String)> {
        self.0
            .iter()
            .filter(|cookie| Some(&*cookie.host) == url.host_str())
            .filter(|cookie| is_below(url.path(), &cookie.path))
            .filter(|cookie| !cookie.secure || url.scheme() == "https")
            .filter(|cookie| lax || cookie.cross_site_post)
            .map(|cookie| (cookie.name.clone(), cookie.value.clone()))
            .collect()
    }

    /// The `Cookie` header of a request to `url`.
    pub(super) fn header(&self, url: &Url, lax: bool) -> Option<HeaderValue> {
        let cookies = self.for_request(url, lax);
        let pairs: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; ").parse().expect("cookies make a header"))
    }
}

/// RFC 6265bis section 5.1.4.
fn is_below(path: &str, cookie_path: &str) -> bool {
    path.strip_prefix(cookie_path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || cookie_path.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(jar: &Jar, url: &str, lax: bool) -> Vec<String> {
        jar.for_request(&Url::parse(url).unwrap(), lax).into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn rules_of_browsers() {
        let mut jar = Jar::default();
        let app = Url::parse("https://app.example/x").unwrap();
        for line in [
            "__Host-a=1; Path=/; Secure; SameSite=Lax",
            "__Host-b=1; Path=/",
            "__Host-c=1; Path=/; Secure; Domain=app.example",
            "d=1; SameSite=None; Secure; Path=/",
        ] {
            jar.set(&app, line);
        }
        assert_eq!(names(&jar, "https://app.example/", true), ["__Host-a", "d"]);
        assert_eq!(names(&jar, "https://app.example/", false), ["d"]);
        assert!(names(&jar, "http://app.example/", true).is_empty());
        assert!(names(&jar, "https://evil.example/", true).is_empty());
        jar.set(&app, "p=1; Path=/x");
        assert_eq!(names(&jar, "https://app.example/x/y", false), ["d"]);
        assert_eq!(names(&jar, "https://app.example/x/y", true), ["__Host-a", "d", "p"]);
        assert_eq!(names(&jar, "https://app.example/xy", true), ["__Host-a", "d"]);
        jar.set(&app, "p=; Path=/x; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
        jar.set(&app, "__Host-a=; Path=/; Secure; Max-Age=0");
        assert_eq!(names(&jar, "https://app.example/", true), ["d"]);
        jar.set(&Url::parse("http://app.example/").unwrap(), "s=1; Secure; Path=/");
        assert_eq!(names(&jar, "https://app.example/", true), ["d"]);
    }
}
