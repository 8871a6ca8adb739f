//! [`Clients`]: the registrations that a login can be at: those of the configuration, or those of one tenant.

use std::collections::{HashMap, HashSet};
use std::ops::Deref;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tower_oauth_core::session::Connection;
use tower_oauth_core::{BaseUrl, Client, ConfigError, Environment, Error, ErrorKind, Provider};

use crate::events::measured;
use crate::routes::Routes;
use crate::tenants::Scope;

/// Most refreshes at one provider that are under way at a time. Others wait: a quarter of the calls that the
/// provider gets at all, so that logins go on.
const MAX_REFRESHES: usize = 64;

/// What the clients of all tenants have in common.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) base_url: BaseUrl,
    pub(crate) mount: String,
    pub(crate) environment: Environment,
    /// Sessions in cookies keep no refresh token, so none may be asked for.
    pub(crate) in_cookies: bool,
}

/// The clients of one login.
#[derive(Debug)]
pub(crate) struct Clients {
    /// The address that they are at: the application's, or the tenant's own host.
    pub(crate) base_url: BaseUrl,
    /// In the order of the sign-in page.
    pub(crate) list: Vec<Client>,
    /// The refreshes under way, by provider.
    turns: HashMap<String, Semaphore>,
}

impl Clients {
    /// The clients of the configuration.
    pub(crate) fn new(site: &Site, providers: Vec<Provider>) -> Result<Self, ConfigError> {
        Self::build(site, site.base_url.clone(), "", providers, &[])
    }

    /// The clients of the tenant of `scope`. What was found out about the same providers `before` is kept.
    pub(crate) fn of_tenant(
        site: &Site,
        scope: &Scope,
        providers: Vec<Provider>,
        origin: Option<&str>,
        before: Option<&Self>,
    ) -> Result<Self, ConfigError> {
        let base_url = match origin {
            None => site.base_url.clone(),
            Some(origin) => BaseUrl::parse("origin of a tenant", origin)?,
        };
        let refuse = |problem: &str| {
            let problem = format!("{:?} {problem}", base_url.origin());
            Err(ConfigError::new("origin of a tenant", problem))
        };
        if base_url.is_secure() != site.base_url.is_secure() {
            return refuse("must have the scheme of the base URL");
        }
        if origin.is_some() && !base_url.path().is_empty() {
            return refuse("must be without a path; that is the resolver's `path`");
        }
        let known = before.map_or(&[][..], |before| &before.list);
        let clients = Self::build(site, base_url, &scope.path, providers, known)?;
        if before.is_none() {
            clients.announce(Some(&scope.tenant));
        }
        Ok(clients)
    }

    fn build(
        site: &Site,
        base_url: BaseUrl,
        tenant_path: &str,
        providers: Vec<Provider>,
        known: &[Client],
    ) -> Result<Self, ConfigError> {
        check(&providers, &base_url, site.in_cookies)?;
        let routes = Routes { base_path: site.base_url.path(), tenant_path, mount: &site.mount };
        let mut list: Vec<Client> = Vec::new();
        for provider in providers {
            let callback = routes.callback(provider.login_key());
            let redirect_uri = format!("{}{callback}", base_url.origin());
            let mut environment = site.environment.clone();
            environment.http = measured(environment.http, provider.login_key());
            let client = Client::new(provider, redirect_uri, environment);
            list.push(client.sharing_with(known).sharing_with(&list));
        }
        let turn = |client: &Client| {
            (client.provider().login_key().to_owned(), Semaphore::new(MAX_REFRESHES))
        };
        let turns = list.iter().map(turn).collect();
        Ok(Self { base_url, list, turns })
    }

    /// The client of the provider with this key.
    pub(crate) fn find(&self, provider: &str) -> Option<&Client> {
        self.list.iter().find(|client| client.provider().login_key() == provider)
    }

    /// The same, for a request that names it.
    pub(crate) fn named(&self, provider: &str) -> Result<&Client, Error> {
        self.find(provider).ok_or_else(|| {
            Error::new(ErrorKind::UnknownProvider, "no provider has the name in the path")
        })
    }

    /// The client that `connection` was made with, if its provider is still the same.
    pub(crate) fn of(&self, connection: &Connection) -> Option<&Client> {
        self.list.iter().find(|client| client.provider().made(connection))
    }

    /// The refreshes under way at the provider with this key.
    pub(crate) fn turn(&self, provider: &str) -> Option<&Semaphore> {
        self.turns.get(provider)
    }

    /// One event for each provider, and one for each protection that it does without.
    pub(crate) fn announce(&self, tenant: Option<&str>) {
        for client in &self.list {
            let (provider, redirect_uri) = (client.provider().login_key(), client.redirect_uri());
            tracing::info!(
                target: "tower_oauth::config",
                tenant,
                provider,
                redirect_uri,
                at = client.provider().how_to_register().map(|it| it.at),
                under = client.provider().how_to_register().map(|it| it.redirect_uri),
                "register this redirect URI at the provider"
            );
            for danger in client.provider().dangers() {
                tracing::warn!(target: "tower_oauth::config", tenant, provider, "{danger}");
            }
        }
    }
}

/// Clients that are there all the time, or those of a tenant.
pub(crate) enum ClientsRef<'a> {
    Own(&'a Clients),
    Tenant(Arc<Clients>),
}

impl Deref for ClientsRef<'_> {
    type Target = Clients;

    fn deref(&self) -> &Clients {
        match self {
            Self::Own(clients) => clients,
            Self::Tenant(clients) => clients,
        }
    }
}

/// Refuses providers that cannot work, alone or beside each other.
fn check(providers: &[Provider], base_url: &BaseUrl, in_cookies: bool) -> Result<(), ConfigError> {
    let mut keys = HashSet::new();
    for (place, provider) in providers.iter().enumerate() {
        provider.validate()?;
        let key = provider.login_key();
        let mut others = providers.iter().take(place);
        if let Some(other) = others.find(|it| provider.shares_issuer_with_another_server(it)) {
            let (issuer, other) = (provider.issuer(), other.login_key());
            let problem = format!(
                "{issuer:?} is that of provider {other}, at other endpoints; \
                 tell the two apart with `.with_issuer(..)`"
            );
            return Err(ConfigError::new(format!("provider {key}, issuer"), problem));
        }
        if !keys.insert(key) {
            let problem = format!("{key:?} is used twice; give one another with `.key(..)`");
            return Err(ConfigError::new("provider key", problem));
        }
        if provider.needs_public_redirect_uri() && !base_url.is_public() {
            let problem = format!(
                "takes redirect URIs on https and a public host alone, and the base URL is {:?}; use a name \
                 that a tunnel leads to this machine",
                base_url.join("")
            );
            return Err(ConfigError::new(format!("provider {key}"), problem));
        }
        if in_cookies && provider.asks_for_refresh_token() {
            let problem = "asks for a refresh token, which sessions in cookies cannot keep: parallel requests would \
                           each present it; leave offline access out, or keep sessions in a store";
            return Err(ConfigError::new(format!("provider {key}"), problem));
        }
    }
    Ok(())
}
