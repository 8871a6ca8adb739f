//! [`Preset`]: a provider that this crate knows by name, and what whoever registers an application there needs.

use super::{Provider, presets};
use crate::error::ConfigError;
use crate::secret::ClientSecret;

/// A provider that this crate knows by name.
///
/// Its function in [`presets`] makes the provider; this is what can be told before there is a registration.
///
/// ```
/// use tower_oauth_core::provider::Preset;
///
/// let preset = Preset::find("gitlab").expect("a preset");
/// assert_eq!(preset.name, "GitLab");
/// assert!(Preset::all().any(|preset| preset.key == "slack"));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Preset {
    /// Names the provider in paths, as in `/auth/login/github`, and in upper case in environment variables.
    pub key: &'static str,
    /// The name for people.
    pub name: &'static str,
    /// What kind of provider it is.
    pub group: Group,
    /// What it is made of.
    pub make: Make,
    /// Where an application is registered: the URL of the console, or of the page that leads there.
    pub register_at: &'static str,
    /// What the console calls the redirect URI, and where it is.
    pub redirect_uri_field: &'static str,
    /// When there is a refresh token, in a sentence.
    pub refresh: &'static str,
    /// How far the e-mail address is to be trusted, in a sentence.
    pub email: &'static str,
    /// What else is to be seen to, a sentence or two each.
    pub notes: &'static [&'static str],
}

/// What kind of provider a [`Preset`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Group {
    /// Where people are as private persons.
    Consumer,
    /// Where developers keep code and run it.
    Developer,
    /// What people work with.
    Work,
    /// Where things are sold, paid and accounted for.
    Commerce,
}

/// What a provider is made of.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Make {
    /// Client id and client secret.
    Registered(fn(String, ClientSecret) -> Provider),
    /// The same, after the host.
    AtHost {
        /// What the host is, with an example.
        host: &'static str,
        /// Which host it is, where nothing is said.
        default: Option<&'static str>,
        /// Makes the provider of host, client id and client secret.
        make: fn(String, String, ClientSecret) -> Provider,
    },
}

impl Preset {
    /// All presets, by key.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        presets::ALL.iter()
    }

    /// The preset of this key.
    #[must_use]
    pub fn find(key: &str) -> Option<&'static Self> {
        Self::all().find(|preset| preset.key == key)
    }

    /// The provider, for an application that is registered there. `host` is for a preset that is
    /// [at a host of one's own](Make::AtHost).
    ///
    /// # Errors
    ///
    /// When there must be a host and is none, or the other way round.
    pub fn provider(
        &self,
        host: Option<String>,
        client_id: impl Into<String>,
        client_secret: impl Into<ClientSecret>,
    ) -> Result<Provider, ConfigError> {
        let refuse = |problem: String| ConfigError::new(format!("host of {}", self.key), problem);
        match (self.make, host) {
            (Make::Registered(make), None) => Ok(make(client_id.into(), client_secret.into())),
            (Make::Registered(_), Some(_)) => {
                Err(refuse(format!("is set, but {} is at one host only; unset it", self.name)))
            }
            (Make::AtHost { make, host: what, default }, host) => {
                let host = host.or_else(|| default.map(ToOwned::to_owned));
                let host = host.ok_or_else(|| refuse(format!("is not set; it is {what}")))?;
                Ok(make(host, client_id.into(), client_secret.into()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(preset: &Preset) -> Provider {
        let hosted = matches!(preset.make, Make::AtHost { .. });
        let host = hosted.then(|| "https://host.example".to_owned());
        preset.provider(host, "id", "s".repeat(32)).unwrap()
    }

    #[test]
    fn each_preset_makes_the_provider_of_its_key_and_name() {
        for preset in Preset::all() {
            let provider = made(preset);
            assert_eq!((provider.login_key(), provider.name()), (preset.key, preset.name));
            assert_eq!(provider.validate().map_err(|error| error.to_string()), Ok(()));
        }
    }

    #[test]
    fn presets_are_in_order_and_tell_all_that_is_asked() {
        let keys: Vec<_> = Preset::all().map(|preset| preset.key).collect();
        assert!(keys.is_sorted() && keys.windows(2).all(|pair| pair[0] != pair[1]), "{keys:?}");
        for preset in Preset::all() {
            assert!(preset.register_at.starts_with("https://"), "{}", preset.key);
            let sentences = [preset.refresh, preset.email].into_iter();
            for sentence in sentences.chain(preset.notes.iter().copied()) {
                assert!(sentence.ends_with('.'), "{}: {sentence}", preset.key);
            }
            assert!(!preset.redirect_uri_field.is_empty(), "{}", preset.key);
            if let Make::AtHost { default: Some(host), .. } = preset.make {
                assert!(crate::provider::settings::endpoint(host).is_ok(), "{}", preset.key);
            }
        }
    }

    #[test]
    fn a_preset_whose_code_nothing_protects_says_so() {
        for preset in Preset::all() {
            let told = preset.notes.iter().any(|note| note.contains("Neither PKCE nor a nonce"));
            let dangers: Vec<_> = made(preset).dangers().collect();
            assert_eq!(told, !dangers.is_empty(), "{}: {dangers:?}", preset.key);
        }
    }
}
