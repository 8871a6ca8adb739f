//! Whose users are a provider's: by its issuer, or by the many issuers that one template stands for.

use std::sync::Arc;

use url::Url;

use super::{IssuerRule, Provider};
use crate::identity::Identity;
use crate::session::Connection;

impl Provider {
    /// Whether `iss` is what an issuer that calls itself `issuer` in its metadata may call itself elsewhere.
    pub(crate) fn stands_for(&self, issuer: &str, iss: &str) -> bool {
        match self.quirks.issuer {
            IssuerRule::Exact => iss == issuer,
            IssuerRule::TenantTemplate => {
                let (start, end) = issuer.split_once("{tenantid}").unwrap_or((issuer, ""));
                let tenant = iss.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
                tenant.is_some_and(|tenant| self.admits_tenant(tenant))
            }
        }
    }

    /// Whether `connection` is one to this provider, which still vouches for its user. Not so, where another issuer stands
    /// under the same key by now: a session or a token of the one is nothing to the other.
    #[must_use]
    pub fn made(&self, connection: &Connection) -> bool {
        is_same(&connection.provider, &self.key) && self.vouches_for(&connection.identity)
    }

    fn vouches_for(&self, identity: &Identity) -> bool {
        match self.quirks.issuer {
            IssuerRule::Exact => is_same(identity.shared_issuer(), &self.issuer),
            // The template itself is in the metadata, on the same origin; in its place in the path stands the tenant. So
            // nobody takes the claims apart.
            IssuerRule::TenantTemplate => {
                same_origin(identity.issuer(), &self.issuer)
                    && path(identity.issuer()).split('/').any(|it| self.admits_tenant(it))
            }
        }
    }

    /// Whether users of `tenant` are let in. A tenant is one segment of the issuer's path.
    pub(crate) fn admits_tenant(&self, tenant: &str) -> bool {
        !tenant.is_empty()
            && !tenant.contains('/')
            && (self.tenants.is_empty() || self.tenants.iter().any(|it| it == tenant))
    }
}

/// Whether both are the same text; where they share it, nobody has to look.
fn is_same(one: &Arc<str>, other: &Arc<str>) -> bool {
    Arc::ptr_eq(one, other) || one == other
}

/// Whether both URLs are of one scheme, host and port. Where they are written alike, nobody has to parse them.
pub(crate) fn same_origin(one: &str, other: &str) -> bool {
    let alike = matches!((split(one), split(other)), (Some(one), Some(other)) if one.0 == other.0);
    alike
        || match (Url::parse(one), Url::parse(other)) {
            (Ok(one), Ok(other)) => one.origin() == other.origin(),
            _ => false,
        }
}

fn path(url: &str) -> &str {
    split(url).map_or("", |(_, path)| path)
}

/// Scheme and authority of a URL as it is written, and what comes after the slash that ends them.
fn split(url: &str) -> Option<((&str, &str), &str)> {
    let (scheme, rest) = url.split_once("://")?;
    let (authority, path) = rest.split_once('/')?;
    Some(((scheme, authority), path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::EmailTrust;
    use crate::provider::presets::oidc;
    use crate::testing::session;

    #[test]
    fn i18_a_session_of_a_template_is_one_of_a_tenant_that_is_let_in() {
        let template = |issuer: &str, tenants: &[&str]| {
            let provider = oidc(issuer, "id", "secret").key("op").tenants(tenants.iter().copied());
            provider.quirks(|quirks| quirks.issuer = IssuerRule::TenantTemplate)
        };
        let made = |provider: &Provider, issuer: &str| {
            let mut connection = (*session().connection).clone();
            connection.identity = Identity::from_text(
                issuer.into(),
                "subject".into(),
                None,
                "{}".into(),
                EmailTrust::Unknown,
            );
            provider.made(&connection)
        };
        let (any, one) = ([].as_slice(), ["t1"].as_slice());
        for (tenants, issuer, is_made) in [
            (any, "https://op.example/t1/v2.0", true),
            (any, "https://op.example:443/t1/v2.0", true),
            (any, "https://op.example/", false),
            (any, "https://evil.example/t1/v2.0", false),
            (any, "http://op.example/t1/v2.0", false),
            (any, "https://op.example@evil.example/t1/v2.0", false),
            (one, "https://op.example/t1/v2.0", true),
            (one, "https://op.example/t2/v2.0", false),
            (one, "https://op.example/t11/v2.0", false),
        ] {
            for configured in ["https://op.example/common/v2.0", "https://OP.example/common"] {
                let provider = template(configured, tenants);
                assert_eq!(made(&provider, issuer), is_made, "{tenants:?} {issuer}");
            }
        }
        let exact = oidc("https://op.example/t1", "id", "secret").key("op");
        assert!(made(&exact, "https://op.example/t1"));
        assert!(!made(&exact, "https://op.example/t2"));
    }
}
