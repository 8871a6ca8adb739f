//! [`Scope`]: the tenant that a request, a session or a job is of.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::cookie::Cookies;

/// Longest name of a tenant, that of a host. What is longer names none.
const MAX_NAME: usize = 253;

/// One tenant, as far as its name tells: whether it exists is asked when something depends on it.
#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) tenant: Arc<str>,
    /// What its paths begin with, below the base URL.
    pub(crate) path: String,
    is_plausible: bool,
    cookies: OnceLock<Cookies>,
}

impl Scope {
    /// `path` has a request's name in it, and redirects begin with it: one that leads anywhere else is no tenant's.
    pub(crate) fn new(tenant: &str, path: String) -> Self {
        let is_plausible = !tenant.is_empty() && tenant.len() <= MAX_NAME && is_path(&path);
        let path = if is_plausible { path } else { String::new() };
        Self { tenant: tenant.into(), path, is_plausible, cookies: OnceLock::new() }
    }

    /// Whether it can be the name of a tenant at all.
    pub(crate) const fn is_plausible(&self) -> bool {
        self.is_plausible
    }

    /// The tenant's cookies. Where it shares its host with others it has names of its own, so that one browser can be
    /// signed in at several.
    pub(crate) fn cookies<'a>(&'a self, of_host: &'a Cookies) -> &'a Cookies {
        if self.path.is_empty() {
            return of_host;
        }
        self.cookies.get_or_init(|| {
            let hash = digest(&SHA256, self.tenant.as_bytes());
            let (start, _) = hash.as_ref().split_at(9);
            of_host.for_tenant(&URL_SAFE_NO_PAD.encode(start))
        })
    }
}

/// Nothing, or segments after a slash each.
fn is_path(path: &str) -> bool {
    let is_segment = |segment: &str| {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
        !matches!(segment, "" | "." | "..") && segment.bytes().all(is_plain)
    };
    path.is_empty() || path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s10_a_path_that_leads_elsewhere_is_no_tenants() {
        for path in ["", "/t", "/t/acme", "/a.b/c_d~e-f"] {
            assert!(Scope::new("acme", path.into()).is_plausible(), "{path}");
        }
        for path in
            ["t", "//evil.example", "/", "/t/", "/\\evil", "/a?b", "/a#b", "/..", "/a\r\nb", "/%2f"]
        {
            let scope = Scope::new("acme", path.into());
            assert!(!scope.is_plausible() && scope.path.is_empty(), "{path}");
        }
        assert!(!Scope::new("", "/t".into()).is_plausible());
        assert!(Scope::new(&"x".repeat(253), String::new()).is_plausible());
        assert!(!Scope::new(&"x".repeat(254), String::new()).is_plausible());
    }
}
