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
    cookies: OnceLock<Cookies>,
}

impl Scope {
    pub(crate) fn new(tenant: &str, path: String) -> Self {
        Self { tenant: tenant.into(), path, cookies: OnceLock::new() }
    }

    /// Whether it can be the name of a tenant at all.
    pub(crate) fn is_plausible(&self) -> bool {
        !self.tenant.is_empty() && self.tenant.len() <= MAX_NAME
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
