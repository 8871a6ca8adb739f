//! Which tenant an [`Auth`] is of, and what depends on that: clients, routes, cookies, seals, and whether a
//! session counts.

use std::sync::Arc;

use http::HeaderMap;
use http::request::Parts;
use tower_oauth_core::session::StoreKey;
use tower_oauth_core::{Error, ErrorKind, ReturnTo, Timestamp};

use crate::auth::Auth;
use crate::clients::ClientsRef;
use crate::cookie::Cookies;
use crate::live_session::LiveSession;
use crate::negotiate;
use crate::routes::Routes;
use crate::tenants::Scope;

impl Auth {
    /// The login of one tenant, for code that runs outside of its requests. It is the same application: nothing is
    /// made, and the tenant need not exist.
    ///
    /// Without a [`ProviderResolver`](crate::ProviderResolver) there are no tenants, and whatever needs its providers
    /// fails.
    #[must_use]
    pub fn of_tenant(&self, tenant: &str) -> Self {
        let path = self.inner().tenants.as_ref().map(|it| it.resolver.path(tenant));
        self.scoped(Scope::new(tenant, path.unwrap_or_default()))
    }

    /// Has the resolver asked again about `tenant`: after its registration changed, or it was removed. In this process
    /// only; others find out within a minute.
    pub fn forget_tenant(&self, tenant: &str) {
        if let Some(tenants) = &self.inner().tenants {
            tenants.forget(tenant);
        }
    }

    /// Whether requests are to be asked for their tenant.
    pub(crate) fn has_tenants(&self) -> bool {
        self.inner().tenants.is_some() && self.scope().is_none()
    }

    /// The login of the tenant that the request is for.
    pub(crate) fn for_request(&self, parts: &Parts) -> Self {
        let tenants = self.inner().tenants.as_ref();
        match tenants.and_then(|tenants| tenants.resolver.tenant(parts)) {
            Some(tenant) => self.of_tenant(&tenant),
            None => self.clone(),
        }
    }

    pub(crate) fn tenant(&self) -> Option<&str> {
        self.scope().map(|scope| &*scope.tenant)
    }

    /// The clients of the tenant; where there is none, of the configuration.
    pub(crate) async fn clients(&self) -> Result<ClientsRef<'_>, Error> {
        match (self.scope(), &self.inner().tenants) {
            (None, _) => Ok(ClientsRef::Own(&self.inner().clients)),
            // In a box, so that those who have no tenants do not carry the room for it.
            (Some(scope), Some(tenants)) => {
                Box::pin(tenants.clients(scope)).await.map(ClientsRef::Tenant)
            }
            (Some(_), None) => {
                Err(Error::new(ErrorKind::UnknownTenant, "there is no provider resolver"))
            }
        }
    }

    pub(crate) fn routes(&self) -> Routes<'_> {
        Routes {
            base_path: self.inner().base_url.path(),
            tenant_path: self.scope().map_or("", |scope| &scope.path),
            mount: &self.inner().mount,
        }
    }

    pub(crate) fn cookies(&self) -> &Cookies {
        let of_host = &self.inner().cookies;
        self.scope().map_or(of_host, |scope| scope.cookies(of_host))
    }

    pub(crate) fn start_page(&self) -> ReturnTo {
        let root = self.routes().root();
        ReturnTo::parse(&self.routes().home(), &root)
            .unwrap_or_else(|_| ReturnTo::start_page(&self.inner().base_url))
    }

    /// Ties what is sealed to this application, whoever else has the same secret, and to the tenant: what one tenant
    /// started no other can finish.
    pub(crate) fn context(&self) -> String {
        let application = self.inner().base_url.join("");
        match self.tenant() {
            None => application,
            // No base URL has a line break.
            Some(tenant) => format!("{application}\n{}\n{tenant}", tenant.len()),
        }
    }

    /// Whether a request that changes something comes from a page of this application, or from no browser at all.
    pub(crate) async fn is_own_site(&self, headers: &HeaderMap) -> Result<bool, Error> {
        if self.scope().is_none() || !negotiate::is_decided_by_origin(headers) {
            return Ok(negotiate::is_own_site(headers, &self.inner().base_url));
        }
        Ok(negotiate::is_own_site(headers, &self.clients().await?.base_url))
    }

    /// The live session under `key` with the login of its own tenant, for a job that has no request.
    pub(crate) async fn session_of_any_tenant(
        &self,
        key: StoreKey,
    ) -> Result<Option<(Self, LiveSession)>, Error> {
        let auth = match self.tenant_of_session(key).await? {
            Some(tenant) if self.has_tenants() => self.of_tenant(&tenant),
            _ => self.clone(),
        };
        Ok(auth.live_session(key).await?.map(|live| (auth, live)))
    }

    /// Whether the session has not reached its end, which is kept whatever the store does, is of the tenant in question,
    /// and its provider is still one of that tenant's.
    pub(crate) async fn is_live(&self, live: &LiveSession, now: Timestamp) -> Result<bool, Error> {
        let LiveSession { session, key, .. } = live;
        if session.expires.min(live.expires()) <= now {
            return Ok(false);
        }
        if session.tenant.as_deref() != self.tenant() {
            tracing::info!(target: "tower_oauth::session", session = ?key, "it is of another tenant");
            return Ok(false);
        }
        let is_known = match self.clients().await {
            Ok(clients) => clients.of(&session.connection).is_some(),
            Err(error) if error.kind() == ErrorKind::UnknownTenant => false,
            Err(error) => return Err(error),
        };
        if !is_known {
            tracing::info!(target: "tower_oauth::session", session = ?key, "its provider is no longer configured");
        }
        Ok(is_known)
    }

    /// The tenant of the session under `key`, whether that is live or not.
    async fn tenant_of_session(&self, key: StoreKey) -> Result<Option<Arc<str>>, Error> {
        if self.inner().tenants.is_none() || self.inner().cookie_sessions.is_some() {
            return Ok(None);
        }
        let stored = self.inner().store.load_current(&key).await?;
        let session = stored.and_then(|stored| self.inner().codec.open(&stored.payload, &key));
        Ok(session.and_then(|session| session.tenant.clone()))
    }
}
