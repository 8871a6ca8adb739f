//! [`Scope`]: the tenant that a request, a session or a job is of.

use std::sync::Arc;

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
    /// Where it shares its host with other tenants, so that one browser can be signed in at several.
    pub(crate) cookies: Option<Cookies>,
}

impl Scope {
    pub(crate) fn new(tenant: &str, path: String, cookies: &Cookies) -> Self {
        let label = || {
            let hash = digest(&SHA256, tenant.as_bytes());
            let (start, _) = hash.as_ref().split_at(9);
            URL_SAFE_NO_PAD.encode(start)
        };
        let cookies = (!path.is_empty()).then(|| cookies.for_tenant(&label()));
        Self { tenant: tenant.into(), path, cookies }
    }

    /// Whether it can be the name of a tenant at all.
    pub(crate) fn is_plausible(&self) -> bool {
        !self.tenant.is_empty() && self.tenant.len() <= MAX_NAME
    }
}
