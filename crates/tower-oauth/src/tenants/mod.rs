//! Tenants: providers that are chosen for each request, as by its host or path, from the application's own data.
//!
//! A request names its tenant (no I/O), the tenant names its providers (asked once, then kept for a minute). What a
//! login, a session and a token belong to is the name: whatever a request says later, they count for that tenant alone.
//!
//! | tenants | [`tenant`](ProviderResolver::tenant) | [`path`](ProviderResolver::path) | [`Tenant::origin`] |
//! |---|---|---|---|
//! | by host: `https://acme.example` | [`host`] | default | the tenant's own origin |
//! | by path: `https://app.example/t/acme` | [`segment_after`] | `/t/acme` | default |

mod cache;
mod scope;

use std::borrow::Cow;

use async_trait::async_trait;
use http::header::HOST;
use http::request::Parts;
use tower_oauth_core::Provider;

pub(crate) use self::cache::Tenants;
pub(crate) use self::scope::Scope;

/// Which providers a tenant signs in with.
///
/// The answer for a tenant is kept for a minute, so a change takes effect within that, and at once in this process with
/// [`Auth::forget_tenant`](crate::Auth::forget_tenant). Requests that come together ask once. While the resolver fails,
/// its last answer stays in force for five minutes; after that, and where there is none, a request that needs it is
/// answered with 503.
///
/// By default providers of tenants are reached at addresses of the public internet only: see
/// [`danger_tenants_at_private_addresses`](crate::AuthBuilder::danger_tenants_at_private_addresses).
///
/// ```
/// use std::borrow::Cow;
/// use http::request::Parts;
/// use tower_oauth::tenants::{self, Tenant};
/// use tower_oauth::{ProviderResolver, async_trait, providers};
/// # struct Row { issuer: String, client_id: String, client_secret: String }
/// # struct Database;
/// # impl Database {
/// #     async fn tenant(&self, _: &str) -> Result<Option<Row>, std::io::Error> { Ok(None) }
/// # }
///
/// #[async_trait]
/// impl ProviderResolver for Database {
///     fn tenant<'r>(&self, request: &'r Parts) -> Option<Cow<'r, str>> {
///         tenants::segment_after("/t", request).map(Cow::from)
///     }
///
///     fn path(&self, tenant: &str) -> String {
///         format!("/t/{tenant}")
///     }
///
///     async fn resolve(
///         &self,
///         tenant: &str,
///     ) -> Result<Option<Tenant>, Box<dyn std::error::Error + Send + Sync>> {
///         let Some(row) = self.tenant(tenant).await? else { return Ok(None) };
///         let provider = providers::oidc(row.issuer, row.client_id, row.client_secret).key("sso");
///         Ok(Some(Tenant::new([provider])))
///     }
/// }
/// ```
#[async_trait]
pub trait ProviderResolver: Send + Sync + 'static {
    /// The name of the tenant that a request is for, in the one form that [`resolve`](Self::resolve) knows it by. `None`
    /// for a request of no tenant, to which the providers of the configuration apply. Asked for every request, so it
    /// must be quick.
    fn tenant<'r>(&self, request: &'r Parts) -> Option<Cow<'r, str>>;

    /// What all paths of the tenant begin with, below the base URL: `/t/acme`, or nothing, which is the default. Its login
    /// routes are below it, as in `/t/acme/auth/login`, and its session has a cookie of its own.
    ///
    /// Segments of letters, digits, `-`, `_`, `.` and `~`; a name that makes another path is one of no tenant.
    fn path(&self, tenant: &str) -> String {
        let _ = tenant;
        String::new()
    }

    /// The tenant of this name; `None` if there is none, which is answered with 404. The name comes from a request, so
    /// it can be anything of up to 253 bytes.
    ///
    /// # Errors
    ///
    /// When it cannot be told now. No longer than 5 seconds are waited for an answer.
    async fn resolve(
        &self,
        tenant: &str,
    ) -> Result<Option<Tenant>, Box<dyn std::error::Error + Send + Sync>>;
}

/// A tenant: the providers its users sign in with, and where it is.
#[derive(Clone, Debug)]
#[must_use]
pub struct Tenant {
    pub(crate) providers: Vec<Provider>,
    pub(crate) origin: Option<String>,
}

impl Tenant {
    /// A tenant at the base URL whose sign-in page shows these providers.
    pub fn new(providers: impl IntoIterator<Item = Provider>) -> Self {
        Self { providers: providers.into_iter().collect(), origin: None }
    }

    /// A tenant on a host of its own: scheme and host, such as `https://acme.example`, with the scheme of the base URL.
    /// Redirect URIs come from it, so it is to be what the application's data say, never what a request says.
    ///
    /// ```
    /// use std::borrow::Cow;
    /// use http::request::Parts;
    /// use tower_oauth::tenants::{self, Tenant};
    /// use tower_oauth::{ProviderResolver, async_trait, providers};
    ///
    /// /// One tenant, on a host of its own.
    /// struct Acme {
    ///     client_secret: String,
    /// }
    ///
    /// #[async_trait]
    /// impl ProviderResolver for Acme {
    ///     fn tenant<'r>(&self, request: &'r Parts) -> Option<Cow<'r, str>> {
    ///         tenants::host(request).map(Cow::from)
    ///     }
    ///
    ///     async fn resolve(
    ///         &self,
    ///         tenant: &str,
    ///     ) -> Result<Option<Tenant>, Box<dyn std::error::Error + Send + Sync>> {
    ///         if tenant != "acme.example" {
    ///             return Ok(None);
    ///         }
    ///         let provider = providers::oidc("https://id.acme.example", "app", &*self.client_secret);
    ///         Ok(Some(Tenant::new([provider.key("sso")]).origin("https://acme.example")))
    ///     }
    /// }
    /// ```
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }
}

/// The host that a request is for, in lower case and without port and final dot. `None` where it has none, or two that
/// differ.
///
/// A client can write any host: it is good for looking up a tenant, and for nothing else.
#[must_use]
pub fn host(request: &Parts) -> Option<String> {
    let in_uri = request.uri.host().map(plain);
    let mut headers = request.headers.get_all(HOST).into_iter();
    let in_header = headers.next().map(|host| host.to_str().map(without_port).map(plain));
    if headers.next().is_some() {
        return None;
    }
    match (in_uri, in_header) {
        (Some(uri), None) => Some(uri),
        (None, Some(Ok(header))) => Some(header),
        (Some(uri), Some(Ok(header))) if uri == header => Some(uri),
        _ => None,
    }
    .filter(|host| !host.is_empty())
}

/// The segment of a request's path that follows `prefix`: `acme` in `/t/acme/files` for `/t`. `None` where there is none,
/// or one with other characters than `a` to `z`, digits, `-`, `_` and `.`: a name has one spelling.
#[must_use]
pub fn segment_after<'r>(prefix: &str, request: &'r Parts) -> Option<&'r str> {
    let rest = request.uri.path().strip_prefix(prefix)?.strip_prefix('/')?;
    let segment = rest.split('/').next()?;
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
    let is_name = !segment.is_empty() && segment.bytes().all(is_plain);
    (is_name && !matches!(segment, "." | "..")).then_some(segment)
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    }
}

fn plain(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn parts(uri: &str, hosts: &[&str]) -> Parts {
        let mut request = Request::get(uri);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_host_has_one_form() {
        for (uri, hosts, expected) in [
            ("/", &["Acme.Example:8443"][..], Some("acme.example")),
            ("/", &["acme.example."], Some("acme.example")),
            ("/", &["[::1]:80"], Some("[::1]")),
            ("/", &["[::1]"], Some("[::1]")),
            ("https://acme.example/", &[], Some("acme.example")),
            ("https://acme.example:1/", &["acme.example"], Some("acme.example")),
            ("https://acme.example/", &["other.example"], None),
            ("/", &["acme.example", "acme.example"], None),
            ("/", &[""], None),
            ("/", &[], None),
        ] {
            assert_eq!(host(&parts(uri, hosts)).as_deref(), expected, "{uri} {hosts:?}");
        }
    }

    #[test]
    fn a_segment_has_one_spelling() {
        for (path, expected) in [
            ("/t/acme", Some("acme")),
            ("/t/acme/x?y=/t/b", Some("acme")),
            ("/t/a.b-c_9/", Some("a.b-c_9")),
            ("/t/Acme", None),
            ("/t/%61cme", None),
            ("/t/../x", None),
            ("/t//x", None),
            ("/t/", None),
            ("/t", None),
            ("/tx/acme", None),
            ("/x/t/acme", None),
        ] {
            assert_eq!(segment_after("/t", &parts(path, &[])), expected, "{path}");
        }
    }
}
