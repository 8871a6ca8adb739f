//! The settings of tenants and accounts: whom the application asks about a request, and about a login.

use std::sync::Arc;

use tower_oauth_core::{ConfigError, HttpClient};

use super::{AuthBuilder, default_http_client};
use crate::accounts::{AccountHook, Accounts};
use crate::tenants::ProviderResolver;

/// How providers are reached.
pub(super) struct HttpClients {
    /// Those of the configuration.
    pub(super) own: Arc<dyn HttpClient>,
    /// Those of tenants.
    pub(super) tenants: Arc<dyn HttpClient>,
}

impl AuthBuilder {
    /// Asks `hook` about each login: whose account it is, and whether they may come in. See [`AccountHook`].
    pub fn accounts(mut self, hook: impl AccountHook) -> Self {
        self.accounts = Some(Accounts::new(hook));
        self
    }

    /// Asks `resolver` which providers a request's tenant signs in with, beside the providers of the configuration, which
    /// remain for requests of no tenant. See [`ProviderResolver`].
    ///
    /// Issuers then come from somebody else than the one who runs the application, so the tenants' providers are reached
    /// at addresses of the public internet only.
    pub fn provider_resolver(mut self, resolver: impl ProviderResolver) -> Self {
        self.resolver = Some(Box::new(resolver));
        self
    }

    /// Reaches providers of tenants wherever they are, inside the network too. Given up is the protection against a
    /// tenant whose issuer, or a name in its metadata, leads to a machine that only the application can reach, and which
    /// then gets requests in the application's name (server-side request forgery). For resolvers whose issuers all were
    /// written by whoever runs the application.
    pub fn danger_tenants_at_private_addresses(mut self) -> Self {
        self.private_tenants = true;
        self
    }

    pub(super) fn http_clients(&self) -> Result<HttpClients, ConfigError> {
        let tenants_guarded = self.resolver.is_some() && !self.private_tenants;
        if let Some(client) = &self.http_client {
            let is_guarded = client.keeps_to_public_addresses();
            let refuse = |setting: &str, problem: &str| {
                Err(ConfigError::new(setting.to_owned(), problem.to_owned()))
            };
            if self.public_addresses_only && !is_guarded {
                let problem = "is kept by the default HTTP client, but another one is set that does not promise it \
                               (`HttpClient::keeps_to_public_addresses`)";
                return refuse("public_addresses_only", problem);
            }
            if tenants_guarded && !is_guarded {
                let problem = "does not keep to public addresses, and issuers of tenants can lead anywhere; take the \
                               default one, have it promise so (`HttpClient::keeps_to_public_addresses`), or set \
                               `danger_tenants_at_private_addresses`";
                return refuse("http_client", problem);
            }
            return Ok(HttpClients { own: Arc::clone(client), tenants: Arc::clone(client) });
        }
        let make = |public_only| {
            default_http_client(&self.extra_roots, public_only, self.names.extra_roots)
        };
        let own = make(self.public_addresses_only)?;
        let tenants = if tenants_guarded && !self.public_addresses_only {
            make(true)?
        } else {
            Arc::clone(&own)
        };
        Ok(HttpClients { own, tenants })
    }
}
