//! [`Preset`]: a provider that this crate knows, before an application is registered there.

use std::fmt;

use super::presets::CATALOGUE;
use super::{ClientKey, Provider};
use crate::secret::ClientSecret;

/// A provider that this crate knows: what configuration from outside chooses from, and what documentation is made of.
///
/// In code, the functions of [`providers`](crate::providers) are shorter.
#[derive(Clone, Copy)]
pub struct Preset {
    key: &'static str,
    group: Group,
    make: Make,
}

/// What providers have in common for whoever looks for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Group {
    /// People have an account there anyway.
    Consumer,
    /// Where software is made.
    Developers,
    /// Where work is done.
    Work,
    /// Where money is made.
    Commerce,
    /// What runs the logins of an organisation, or of an application.
    Identity,
}

/// What a preset needs to know besides the registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// What it is called: `host`, `issuer` or `tenant`.
    pub name: &'static str,
    /// One as it is written.
    pub example: &'static str,
    /// The one that is meant where none is given.
    pub default: Option<&'static str>,
}

/// What whoever registers an application at a provider needs to know. In sentences, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Registration {
    /// Where: a URL, or words.
    pub at: &'static str,
    /// What the redirect URI is called there.
    pub redirect_uri: &'static str,
    /// When a refresh token comes, and how long tokens last.
    pub refresh_token: &'static str,
    /// What else is to be seen to.
    pub notes: &'static [&'static str],
}

/// How a provider is made.
#[derive(Clone, Copy)]
enum Make {
    Plain(fn(String, ClientSecret) -> Provider),
    At(Place, fn(String, String, ClientSecret) -> Provider),
    WithKey(fn(String, ClientKey) -> Provider),
}

impl Preset {
    pub(super) const fn plain(
        group: Group,
        key: &'static str,
        make: fn(String, ClientSecret) -> Provider,
    ) -> Self {
        Self { key, group, make: Make::Plain(make) }
    }

    pub(super) const fn at(
        group: Group,
        key: &'static str,
        place: Place,
        make: fn(String, String, ClientSecret) -> Provider,
    ) -> Self {
        Self { key, group, make: Make::At(place, make) }
    }

    pub(super) const fn with_key(
        group: Group,
        key: &'static str,
        make: fn(String, ClientKey) -> Provider,
    ) -> Self {
        Self { key, group, make: Make::WithKey(make) }
    }

    /// All of them, in the order of their keys.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        CATALOGUE
    }

    /// The one with this key.
    ///
    /// ```
    /// use tower_oauth_core::provider::Preset;
    ///
    /// let preset = Preset::find("github").expect("it is known");
    /// let provider = preset.provider(None, "client id", "client secret").expect("it needs no more");
    /// assert_eq!(provider.name(), "GitHub");
    /// ```
    #[must_use]
    pub fn find(key: &str) -> Option<&'static Self> {
        CATALOGUE.iter().find(|preset| preset.key == key)
    }

    /// The key of its providers, as in `/auth/login/github`.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        self.key
    }

    /// The group that it is listed in.
    #[must_use]
    pub const fn group(&self) -> Group {
        self.group
    }

    /// What it needs to know besides the registration.
    #[must_use]
    pub const fn place(&self) -> Option<Place> {
        match self.make {
            Make::At(place, _) => Some(place),
            Make::Plain(_) | Make::WithKey(_) => None,
        }
    }

    /// Whether a [`ClientKey`] takes the place of the client secret.
    #[must_use]
    pub const fn wants_key(&self) -> bool {
        matches!(self.make, Make::WithKey(_))
    }

    /// The provider for a registration, at `place` if it needs one. `None` where that is missing, or a key is wanted.
    #[must_use]
    pub fn provider(
        &self,
        place: Option<&str>,
        client_id: impl Into<String>,
        client_secret: impl Into<ClientSecret>,
    ) -> Option<Provider> {
        match self.make {
            Make::Plain(make) => Some(make(client_id.into(), client_secret.into())),
            Make::At(Place { default, .. }, make) => {
                Some(make(place.or(default)?.to_owned(), client_id.into(), client_secret.into()))
            }
            Make::WithKey(_) => None,
        }
    }

    /// The provider for a registration with a key, where one is wanted.
    #[must_use]
    pub fn provider_with_key(
        &self,
        client_id: impl Into<String>,
        key: ClientKey,
    ) -> Option<Provider> {
        match self.make {
            Make::WithKey(make) => Some(make(client_id.into(), key)),
            Make::Plain(_) | Make::At(..) => None,
        }
    }
}

impl fmt::Debug for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preset").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Group {
    /// All groups, in the order of the documentation.
    pub const ALL: [Self; 5] =
        [Self::Consumer, Self::Developers, Self::Work, Self::Commerce, Self::Identity];

    /// The name in file names.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Consumer => "consumer",
            Self::Developers => "developers",
            Self::Work => "work",
            Self::Commerce => "commerce",
            Self::Identity => "identity",
        }
    }
}
