//! Configuration from environment variables, under the names that Auth.js made familiar.

use std::collections::BTreeMap;
use std::fs;

use tower_oauth_core::provider::{ClientKey, Preset};
use tower_oauth_core::{ConfigError, Provider, providers};

use zeroize::Zeroizing;

use crate::auth::Auth;
use crate::builder::{AuthBuilder, SettingNames};

/// Variables that are about the login as a whole.
const URL: &str = "AUTH_URL";
const SECRET: &str = "AUTH_SECRET";
const EXTRA_ROOTS: &str = "AUTH_EXTRA_ROOTS";

/// What the variables say of one provider.
#[derive(Default)]
struct Registration {
    id: Option<String>,
    secret: Option<String>,
    issuer: Option<String>,
    scopes: Option<String>,
    /// Where it is, for a preset that stands for many: a host or a tenant.
    host: Option<String>,
    tenant: Option<String>,
    /// For a preset with a private key.
    team_id: Option<String>,
    key_id: Option<String>,
    private_key: Option<String>,
}

/// What variables of a provider end in; `TEAM_ID` and `KEY_ID` before `ID`.
const FIELDS: [&str; 9] =
    ["TEAM_ID", "KEY_ID", "PRIVATE_KEY", "ID", "SECRET", "ISSUER", "SCOPES", "HOST", "TENANT"];

impl Auth {
    /// Starts a configuration from the process's environment variables.
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `AUTH_URL` | the public address of the application; required |
    /// | `AUTH_SECRET` | at least 32 random bytes, as from `openssl rand -base64 32`; several separated by commas, the newest first |
    /// | `AUTH_EXTRA_ROOTS` | a PEM file of root certificates to trust besides the platform's |
    /// | `AUTH_<NAME>_ID`, `AUTH_<NAME>_SECRET` | the registration at a provider |
    /// | `AUTH_<NAME>_ISSUER` | its issuer, which makes it an OpenID provider found by discovery |
    /// | `AUTH_<NAME>_HOST`, `AUTH_<NAME>_TENANT` | where it is, for a preset that stands for many (`GITLAB`, `MICROSOFT`) |
    /// | `AUTH_APPLE_TEAM_ID`, `AUTH_APPLE_KEY_ID`, `AUTH_APPLE_PRIVATE_KEY` | in place of Apple's secret; the key is the content of the `.p8` file, or its path |
    /// | `AUTH_<NAME>_SCOPES` | scopes to ask for, separated by spaces |
    ///
    /// A name that is a [preset](Preset)'s (`GITHUB`, `GOOGLE`; `docs/providers.md` lists them) selects the preset; any other
    /// needs an issuer. The name in lower case, with `-` for `_`, is the key in the login path. An empty variable counts
    /// as unset.
    ///
    /// # Errors
    ///
    /// When `AUTH_URL` is missing, or a variable cannot be used, naming it.
    pub fn from_env() -> Result<AuthBuilder, ConfigError> {
        let vars = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self::from_vars(vars)
    }

    /// As [`from_env`](Self::from_env), from these variables.
    ///
    /// # Errors
    ///
    /// As [`from_env`](Self::from_env).
    ///
    /// ```
    /// use tower_oauth::Auth;
    ///
    /// let builder = Auth::from_vars([
    ///     ("AUTH_URL", "http://localhost:3000"),
    ///     ("AUTH_GITHUB_ID", "id"),
    ///     ("AUTH_GITHUB_SECRET", "secret"),
    /// ])?;
    /// assert_eq!(builder.providers()[0].name(), "GitHub");
    /// # Ok::<(), tower_oauth::ConfigError>(())
    /// ```
    pub fn from_vars<N, V>(
        vars: impl IntoIterator<Item = (N, V)>,
    ) -> Result<AuthBuilder, ConfigError>
    where
        N: Into<String>,
        V: Into<String>,
    {
        let mut vars: BTreeMap<String, String> = vars
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .filter(|(name, value)| name.starts_with("AUTH_") && !value.is_empty())
            .collect();
        let base_url = vars.remove(URL).ok_or_else(|| {
            ConfigError::new(URL, "is not set; it is the public address, as in https://app.example")
        })?;
        let mut builder = Self::builder(base_url).with_names(SettingNames {
            base_url: URL,
            secret: SECRET,
            extra_roots: EXTRA_ROOTS,
        });
        for secret in vars.remove(SECRET).iter().flat_map(|secrets| secrets.split(',')) {
            builder = builder.secret(secret.trim());
        }
        if let Some(path) = vars.remove(EXTRA_ROOTS) {
            let pem = fs::read(&path).map_err(|error| {
                ConfigError::new(EXTRA_ROOTS, format!("{path:?} cannot be read: {error}"))
            })?;
            builder = builder.extra_root_certificates(pem);
        }
        for (name, registration) in registrations(vars) {
            builder = builder.provider(registration.provider(&name)?);
        }
        Ok(builder)
    }
}

fn registrations(vars: BTreeMap<String, String>) -> BTreeMap<String, Registration> {
    let mut registrations: BTreeMap<String, Registration> = BTreeMap::new();
    for (variable, value) in vars {
        let parts = variable.strip_prefix("AUTH_").and_then(|rest| {
            FIELDS.iter().find_map(|field| {
                let name = rest.strip_suffix(field)?.strip_suffix('_')?;
                // A provider may be named so that its id looks like one of Apple's.
                let is_apples = *field != "TEAM_ID" && *field != "KEY_ID" || name == "APPLE";
                (!name.is_empty() && is_apples).then_some((name, *field))
            })
        });
        let Some((name, field)) = parts else {
            tracing::debug!(target: "tower_oauth::config", variable, "not a setting of the login");
            continue;
        };
        let registration = registrations.entry(name.to_owned()).or_default();
        let slot = match field {
            "ID" => &mut registration.id,
            "SECRET" => &mut registration.secret,
            "ISSUER" => &mut registration.issuer,
            "HOST" => &mut registration.host,
            "TENANT" => &mut registration.tenant,
            "TEAM_ID" => &mut registration.team_id,
            "KEY_ID" => &mut registration.key_id,
            "PRIVATE_KEY" => &mut registration.private_key,
            _ => &mut registration.scopes,
        };
        *slot = Some(value);
    }
    registrations
}

impl Registration {
    fn provider(self, name: &str) -> Result<Provider, ConfigError> {
        let required = |value: Option<String>, field: &str| {
            let missing = || {
                let problem = format!("is not set, but another AUTH_{name}_ variable is");
                ConfigError::new(format!("AUTH_{name}_{field}"), problem)
            };
            value.ok_or_else(missing)
        };
        let key = name.to_ascii_lowercase().replace('_', "-");
        let id = required(self.id, "ID")?;
        let preset = Preset::find(&key);
        let place = preset.and_then(Preset::place);
        let takes_issuer = place.is_some_and(|place| place.name == "issuer");
        let provider = match preset {
            Some(preset) if preset.wants_key() && self.issuer.is_none() => {
                let team_id = required(self.team_id, "TEAM_ID")?;
                let key_id = required(self.key_id, "KEY_ID")?;
                let pem = private_key(name, required(self.private_key, "PRIVATE_KEY")?)?;
                let client_key = ClientKey::new(team_id, key_id, &pem).map_err(|error| {
                    ConfigError::new(format!("AUTH_{name}_PRIVATE_KEY"), error.problem().to_owned())
                })?;
                preset.provider_with_key(id, client_key)
            }
            Some(preset) if takes_issuer || self.issuer.is_none() => {
                let (variable, value) = match place.map(|place| place.name) {
                    Some("issuer") => ("ISSUER", self.issuer),
                    Some("tenant") => ("TENANT", self.tenant),
                    _ => ("HOST", self.host),
                };
                if let (Some(place), None) = (place, &value)
                    && place.default.is_none()
                {
                    let problem = format!("is not set; it is as in {}", place.example);
                    return Err(ConfigError::new(format!("AUTH_{name}_{variable}"), problem));
                }
                preset.provider(value.as_deref(), id, required(self.secret, "SECRET")?)
            }
            _ => {
                let secret = required(self.secret, "SECRET")?;
                self.issuer.map(|issuer| {
                    providers::oidc(issuer, id, secret)
                        .key(key.clone())
                        .display_name(display_name(name))
                })
            }
        };
        let provider = provider.ok_or_else(|| {
            let problem = format!("is not set, and there is no preset named {key}");
            ConfigError::new(format!("AUTH_{name}_ISSUER"), problem)
        })?;
        Ok(match self.scopes {
            Some(scopes) => provider.scopes(scopes.split_whitespace()),
            None => provider,
        })
    }
}

/// A private key as it is, or read from the file that is named.
fn private_key(name: &str, value: String) -> Result<Zeroizing<String>, ConfigError> {
    if value.contains("PRIVATE KEY") {
        return Ok(value.into());
    }
    fs::read_to_string(&value).map(Into::into).map_err(|error| {
        ConfigError::new(
            format!("AUTH_{name}_PRIVATE_KEY"),
            format!("cannot be read as a file: {error}"),
        )
    })
}

/// `MY_COMPANY` is shown as "My Company".
fn display_name(name: &str) -> String {
    let words = name.split('_').filter(|word| !word.is_empty()).map(|word| {
        let mut letters = word.chars();
        let first: String = letters.next().into_iter().collect();
        first + &letters.as_str().to_ascii_lowercase()
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[cfg(feature = "reqwest")]
mod tests;
