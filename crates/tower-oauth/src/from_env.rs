//! Configuration from environment variables, under the names that Auth.js made familiar.

use std::collections::BTreeMap;
use std::fs;

use tower_oauth_core::provider::Preset;
use tower_oauth_core::{ConfigError, Provider, providers};

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
    host: Option<String>,
    scopes: Option<String>,
}

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
    /// | `AUTH_<NAME>_HOST` | where a preset is at that has a host of one's own, as in `https://gitlab.example` |
    /// | `AUTH_<NAME>_SCOPES` | scopes to ask for, separated by spaces |
    ///
    /// The name in lower case, with `-` for `_`, is the key in the login path. Where that is a
    /// [preset's](tower_oauth_core::provider::Preset) (`GITHUB`, `GOOGLE`), it selects the preset; any other name needs
    /// an issuer. An empty variable counts as unset.
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
        let parts = variable.strip_prefix("AUTH_").and_then(|rest| rest.rsplit_once('_'));
        let Some((name, field @ ("ID" | "SECRET" | "ISSUER" | "HOST" | "SCOPES"))) = parts else {
            tracing::debug!(target: "tower_oauth::config", variable, "not a setting of the login");
            continue;
        };
        let registration = registrations.entry(name.to_owned()).or_default();
        let slot = match field {
            "ID" => &mut registration.id,
            "SECRET" => &mut registration.secret,
            "ISSUER" => &mut registration.issuer,
            "HOST" => &mut registration.host,
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
        let id = required(self.id, "ID")?;
        let secret = required(self.secret, "SECRET")?;
        let key = name.to_ascii_lowercase().replace('_', "-");
        let refuse = |field: &str, problem: String| {
            Err(ConfigError::new(format!("AUTH_{name}_{field}"), problem))
        };
        let provider = match (self.issuer, Preset::find(&key)) {
            (Some(_), _) if self.host.is_some() => {
                return refuse("HOST", "is set, and so is an issuer; unset one".into());
            }
            (Some(issuer), _) => providers::oidc(issuer, id, secret)
                .key(key.clone())
                .display_name(display_name(name)),
            (None, Some(preset)) => match preset.provider(self.host, id, secret) {
                Ok(provider) => provider,
                Err(error) => return refuse("HOST", error.problem().to_owned()),
            },
            (None, None) => {
                let problem = format!("is not set, and there is no preset named {key}");
                return refuse("ISSUER", problem);
            }
        };
        Ok(match self.scopes {
            Some(scopes) => provider.scopes(scopes.split_whitespace()),
            None => provider,
        })
    }
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
mod tests {
    use tower_oauth_core::provider::Make;

    use super::*;

    const BASE: [(&str, &str); 1] = [(URL, "http://localhost:3000")];

    fn error(vars: &[(&str, &str)]) -> String {
        Auth::from_vars(BASE.iter().chain(vars).copied())
            .and_then(|builder| builder.build().map(|_| ()))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn several_providers_are_read() {
        let builder = Auth::from_vars(BASE.iter().copied().chain([
            ("AUTH_MY_COMPANY_ID", "id"),
            ("AUTH_MY_COMPANY_SECRET", "secret"),
            ("AUTH_MY_COMPANY_ISSUER", "https://id.example"),
            ("AUTH_MY_COMPANY_SCOPES", "openid groups"),
            ("AUTH_GOOGLE_ID", "id"),
            ("AUTH_GOOGLE_SECRET", "secret"),
            ("AUTH_GITHUB_ID", ""),
            ("UNRELATED_ID", "x"),
        ]))
        .unwrap();
        let found: Vec<_> =
            builder.providers().iter().map(|p| (p.login_key(), p.name(), p.issuer())).collect();
        assert_eq!(
            found,
            [
                ("google", "Google", "https://accounts.google.com"),
                ("my-company", "My Company", "https://id.example"),
            ]
        );
        assert!(builder.build().is_ok());
    }

    #[test]
    fn every_preset_is_read_under_its_name() {
        for preset in Preset::all() {
            let name = preset.key.to_ascii_uppercase().replace('-', "_");
            let secret = "a secret that is long enough for a MAC";
            let vars = [("ID", "id"), ("SECRET", secret), ("HOST", "https://host.example/")];
            let hosted = matches!(preset.make, Make::AtHost { .. });
            let vars = vars.iter().filter(|(field, _)| hosted || *field != "HOST");
            let vars = vars.map(|(field, value)| (format!("AUTH_{name}_{field}"), *value));
            let base = BASE.map(|(name, value)| (name.to_owned(), value));
            let builder = Auth::from_vars(base.into_iter().chain(vars)).unwrap();
            let provider = &builder.providers()[0];
            assert_eq!((provider.login_key(), provider.name()), (preset.key, preset.name));
            assert_eq!(provider.issuer() == "https://host.example", hosted, "{}", preset.key);
            assert!(builder.build().is_ok(), "{}", preset.key);
        }
    }

    #[test]
    fn x08_an_error_names_the_variable() {
        for (vars, start) in [
            (&[("AUTH_MINE_ID", "id")][..], "AUTH_MINE_SECRET: is not set"),
            (&[("AUTH_MINE_ISSUER", "https://x")], "AUTH_MINE_ID: is not set"),
            (&[("AUTH_MINE_ID", "id"), ("AUTH_MINE_SECRET", "s")], "AUTH_MINE_ISSUER: is not set"),
            (
                &[("AUTH_GITEA_ID", "id"), ("AUTH_GITEA_SECRET", "s")],
                "AUTH_GITEA_HOST: is not set; it is the server, such as https://gitea.com",
            ),
            (
                &[
                    ("AUTH_SLACK_ID", "id"),
                    ("AUTH_SLACK_SECRET", "s"),
                    ("AUTH_SLACK_HOST", "https://x"),
                ],
                "AUTH_SLACK_HOST: is set, but Slack is at one host only; unset it",
            ),
            (
                &[
                    ("AUTH_GITLAB_ID", "id"),
                    ("AUTH_GITLAB_SECRET", "s"),
                    ("AUTH_GITLAB_HOST", "https://x"),
                    ("AUTH_GITLAB_ISSUER", "https://x"),
                ],
                "AUTH_GITLAB_HOST: is set, and so is an issuer; unset one",
            ),
            (
                &[
                    ("AUTH_GITLAB_ID", "id"),
                    ("AUTH_GITLAB_SECRET", "s"),
                    ("AUTH_GITLAB_HOST", "gitlab.example"),
                ],
                "provider gitlab, issuer: \"gitlab.example\" is not an absolute URL",
            ),
            (&[("AUTH_SECRET", "short")], "AUTH_SECRET: must have at least 32 bytes"),
            (
                &[
                    ("AUTH_MINE_ID", "id"),
                    ("AUTH_MINE_SECRET", "s"),
                    ("AUTH_MINE_ISSUER", "https://x"),
                    ("AUTH_MINE_SCOPES", "groups"),
                ],
                "provider mine, scopes: must contain openid",
            ),
            (&[("AUTH_EXTRA_ROOTS", "/nowhere")], "AUTH_EXTRA_ROOTS: \"/nowhere\" cannot be read"),
            (&[], "providers: there is none"),
        ] {
            let vars: Vec<_> = if start.contains("SECRET: must") {
                vars.iter()
                    .copied()
                    .chain([("AUTH_GITHUB_ID", "i"), ("AUTH_GITHUB_SECRET", "s")])
                    .collect()
            } else {
                vars.to_vec()
            };
            let error = error(&vars);
            assert!(error.starts_with(start), "{error}");
        }
        let missing = Auth::from_vars::<&str, &str>([]).unwrap_err().to_string();
        assert!(missing.starts_with("AUTH_URL: is not set"), "{missing}");
        let insecure = Auth::from_vars([
            (URL, "http://app.example"),
            ("AUTH_GITHUB_ID", "i"),
            ("AUTH_GITHUB_SECRET", "s"),
        ]);
        assert!(insecure.unwrap().build().unwrap_err().to_string().starts_with("AUTH_URL: "));
    }

    #[test]
    fn each_of_several_secrets_is_checked() {
        let good = "wKx3-Zt8Vn1_Qh6Lm0Rc5Yd9Sb2Gf7Jp4Xu8Ta1Ei3Wo";
        let github = [("AUTH_GITHUB_ID", "i"), ("AUTH_GITHUB_SECRET", "s")];
        let secrets = format!("{good}, short");
        let vars: Vec<_> = github.into_iter().chain([("AUTH_SECRET", &*secrets)]).collect();
        assert!(error(&vars).starts_with("AUTH_SECRET: must have at least 32 bytes"));
    }

    #[test]
    fn an_issuer_makes_a_preset_name_an_openid_provider() {
        let builder = Auth::from_vars(BASE.iter().copied().chain([
            ("AUTH_GITHUB_ID", "id"),
            ("AUTH_GITHUB_SECRET", "secret"),
            ("AUTH_GITHUB_ISSUER", "https://id.example"),
        ]))
        .unwrap();
        assert_eq!(builder.providers()[0].issuer(), "https://id.example");
    }
}
