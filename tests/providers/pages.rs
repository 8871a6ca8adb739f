//! docs/providers.md and the pages of its groups are made from the presets and their documents.
//!
//! `WRITE_DOCS=1 cargo test -p tower-oauth-tests --test providers pages` writes them anew.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use tower_oauth::Provider;
use tower_oauth::provider::{
    ClientKey, EmailRule, Group, OfflineAccess, Pkce, Preset, Protocol, Quirks,
};

use crate::document::Document;
use crate::{apple, client_secret};

const INDEX: &str = "# Providers

Made from the presets by a test; do not edit. How to add one: [guide/add-a-provider.md](guide/add-a-provider.md).

Each is a function in `providers` and a name for `Auth::from_env`: `AUTH_GITHUB_ID`, `AUTH_GITHUB_SECRET`. Any other OpenID provider
is `providers::oidc` or `AUTH_<NAME>_ISSUER`; any other OAuth 2.0 provider is `providers::oauth2`.

An address is *verified* where the provider says that it checked it, and only such an address may link a login to an account.
A user is told apart by issuer and subject, never by an address or a name.
";

const HEAD: &str = "
| provider | in code | environment besides `_ID` and `_SECRET` | protocol | PKCE | scopes | e-mail | refresh token |
|---|---|---|---|---|---|---|---|
";

const NOT_HERE: &str = "
## Not here, and why

- **Fitbit**: its own login is no more. Google announced that the Fitbit Web API and the Fitbit OAuth endpoints are shut down, and
  answer `410 Gone`, from 2 November 2026 (developers.google.com/health/about). What follows, the Google Health API, takes
  tokens of Google's login: `providers::google` with the API's scopes besides `openid`.
";

#[test]
fn the_pages_of_providers_are_those_of_the_presets() {
    let mut index = INDEX.to_owned();
    for group in Group::ALL {
        let presets: Vec<_> = Preset::all().iter().filter(|it| it.group() == group).collect();
        let title = title(group);
        write!(index, "\n## [{title}](providers/{}.md)\n{HEAD}", group.as_str()).expect("text");
        let mut page = format!(
            "# {title}\n\nMade from the presets by a test; do not edit. All groups: [providers.md](../providers.md).\n"
        );
        for preset in presets {
            let facts = Facts::of(preset);
            index.push_str(&facts.row());
            page.push_str(&facts.section());
        }
        check(&format!("providers/{}.md", group.as_str()), &page);
    }
    index.push_str(NOT_HERE);
    check("providers.md", &index);
}

/// The page is as it should be, or is made so.
fn check(name: &str, expected: &str) {
    let path = root().join("docs").join(name);
    if std::env::var_os("WRITE_DOCS").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        return fs::write(path, expected).expect("written");
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    let same = found == expected;
    assert!(
        same,
        "docs/{name} is out of date: WRITE_DOCS=1 cargo test -p tower-oauth-tests --test providers pages"
    );
}

const fn title(group: Group) -> &'static str {
    match group {
        Group::Developers => "Where software is made",
        Group::Work => "Where work is done",
        Group::Commerce => "Shops, payments, accounting",
        Group::Identity => "Identity platforms",
        _ => "Where people have an account anyway",
    }
}

/// What a page says of one provider.
struct Facts {
    preset: &'static Preset,
    provider: Provider,
    quirks: Quirks,
    document: Document,
    function: String,
}

impl Facts {
    fn of(preset: &'static Preset) -> Self {
        let mut quirks = None;
        let provider = make(preset, apple::key()).quirks(|it| quirks = Some(it.clone()));
        let function = function(preset.key());
        let document = Document::of(preset.key());
        Self { preset, provider, quirks: quirks.expect("quirks"), document, function }
    }

    fn row(&self) -> String {
        format!(
            "| {} | `providers::{}` | {} | {} | {} | {} | {} | {} |\n",
            self.provider.name(),
            self.function,
            self.variables().unwrap_or_default(),
            self.protocol(),
            if self.quirks.pkce == Pkce::S256 { "yes" } else { "no" },
            self.scopes(),
            self.email(),
            self.refresh_token(),
        )
    }

    fn section(&self) -> String {
        let key = self.preset.key();
        let name = key.to_ascii_uppercase().replace('-', "_");
        let secret =
            if self.preset.wants_key() { String::new() } else { format!(", `AUTH_{name}_SECRET`") };
        let more = self.variables().map(|more| format!(", {more}")).unwrap_or_default();
        let how = self.provider.how_to_register().expect("how to register");
        let place = if how.at.starts_with("https://") {
            format!("<{}>", how.at)
        } else {
            how.at.to_owned()
        };
        let mut text = format!("\n## {}\n\n{}\n\n", self.provider.name(), self.words());
        for (what, how) in [
            ("In code", format!("`providers::{}`", self.function)),
            ("In the environment", format!("`AUTH_{name}_ID`{secret}{more}")),
            ("Register at", place),
            (
                "Redirect URI",
                format!("`<AUTH_URL>/auth/callback/{key}`, under \"{}\"", how.redirect_uri),
            ),
            ("Scopes", self.scopes()),
            ("E-mail", self.email().to_owned()),
            ("Refresh token", self.refresh_token_in_full(how.refresh_token)),
        ] {
            writeln!(text, "- {what}: {how}").expect("text");
        }
        for note in how.notes {
            writeln!(text, "- {note}").expect("text");
        }
        let facts = self.facts();
        if facts.is_empty() { text } else { format!("{text}\n{facts}\n") }
    }

    fn variables(&self) -> Option<String> {
        let name = self.preset.key().to_ascii_uppercase().replace('-', "_");
        if self.preset.wants_key() {
            let fields =
                ["TEAM_ID", "KEY_ID", "PRIVATE_KEY"].map(|field| format!("`AUTH_{name}_{field}`"));
            return Some(fields.join(", "));
        }
        let place = self.preset.place()?;
        let default = place.default.map(|it| format!("; `{it}` if not set")).unwrap_or_default();
        Some(format!(
            "`AUTH_{name}_{}` (`{}`{default})",
            place.name.to_ascii_uppercase(),
            place.example
        ))
    }

    const fn protocol(&self) -> &'static str {
        match self.quirks.protocol {
            Protocol::OpenIdConnect => "OpenID Connect",
            _ => "OAuth 2.0",
        }
    }

    fn scopes(&self) -> String {
        let scopes = &self.document.authorization.scope;
        if scopes.is_empty() { "none".into() } else { format!("`{scopes}`") }
    }

    fn email(&self) -> &'static str {
        if self.document.expect.email.is_none() {
            return "none";
        }
        match self.quirks.claims.email {
            EmailRule::AlwaysVerified => "always verified",
            EmailRule::NeverVerified => "not verified, or none",
            EmailRule::PrimaryOf(_) => "the primary one, with its verification",
            _ => "verified if the provider says so",
        }
    }

    fn refresh_token(&self) -> String {
        match self.quirks.offline_access {
            OfflineAccess::Scope("offline_access") => {
                "`.offline_access()`: the scope `offline_access`, and consent at each login".into()
            }
            OfflineAccess::Scope(scope) | OfflineAccess::ScopeAlone(scope) => {
                format!("`.offline_access()`: the scope `{scope}`")
            }
            OfflineAccess::Parameters(parameters) => {
                let sent: Vec<_> =
                    parameters.iter().map(|(name, value)| format!("`{name}={value}`")).collect();
                format!("`.offline_access()`: {}", sent.join(", "))
            }
            _ => match (&self.document.refresh, self.lifetime()) {
                (Some(_), _) => "comes unasked, where tokens expire".into(),
                (None, Some(_)) => "none: the user signs in again".into(),
                (None, None) => "none: the token is good until it is revoked".into(),
            },
        }
    }

    /// How to ask for one, where it is to be asked for, and when one comes.
    fn refresh_token_in_full(&self, when: &str) -> String {
        match self.quirks.offline_access {
            OfflineAccess::NotAsked => when.to_owned(),
            _ => format!("{when} {}", self.refresh_token()),
        }
    }

    /// For how many seconds an access token is good, where that is known.
    fn lifetime(&self) -> Option<u64> {
        self.document.expect.expires_in.or(self.document.token.lifetime)
    }

    /// What the function's documentation says first.
    fn words(&self) -> String {
        let source = source(&self.function);
        let of_platform = format!("    {}: \"", self.function);
        let of_function = format!("pub fn {}(", self.function);
        let place =
            source.find(&of_function).or_else(|| source.find(&of_platform)).expect("a function");
        let before = source.get(..place).unwrap_or_default();
        let docs = before.lines().rev().map_while(|line| line.trim_start().strip_prefix("///"));
        let mut docs: Vec<_> = docs.map(str::trim).collect();
        docs.reverse();
        let first: Vec<_> = docs.into_iter().take_while(|line| !line.is_empty()).collect();
        first.join("\n").replace(['<', '>'], "")
    }

    /// What the module's documentation knows of the provider, where it is about nobody else.
    fn facts(&self) -> String {
        if self.preset.group() == Group::Identity && self.function != "workos" {
            return String::new();
        }
        let source = source(&self.function);
        let docs = source
            .lines()
            .map_while(|line| line.strip_prefix("//!"))
            .map(|line| line.trim_start_matches(' '));
        let lines: Vec<_> = docs.skip_while(|line| !line.starts_with("- ")).collect();
        let indented = lines.iter().map(|line| {
            let follows =
                !line.is_empty() && !line.starts_with("- ") && !line.starts_with("Source:");
            if follows { format!("  {line}") } else { (*line).to_owned() }
        });
        let mut text: Vec<String> = indented.collect();
        // What follows the sources is not part of a list.
        if let Some(place) = text.iter().position(|line| line.starts_with("Source:")) {
            for line in &mut text[place..] {
                *line = line.trim_start().to_owned();
            }
        }
        text.join("\n")
    }
}

fn make(preset: &Preset, key: ClientKey) -> Provider {
    let place = preset.place().map(|place| place.example);
    let plain = preset.provider(place, crate::CLIENT_ID, client_secret());
    plain.or_else(|| preset.provider_with_key(crate::CLIENT_ID, key)).expect("a provider")
}

/// The function that the catalogue calls for `key`.
fn function(key: &str) -> String {
    let catalogue = fs::read_to_string(presets().join("catalogue.rs")).expect("the catalogue");
    let row =
        catalogue.lines().find(|line| line.contains(&format!(", \"{key}\", "))).expect("a row");
    let name = row.rsplit(", ").next().expect("a name");
    name.trim_end_matches("),").to_owned()
}

/// The file that `function` is in.
fn source(function: &str) -> String {
    let files =
        fs::read_dir(presets()).expect("the presets").map(|file| file.expect("a file").path());
    let texts = files.map(|path| fs::read_to_string(path).expect("text"));
    let is_its = |text: &String| {
        text.contains(&format!("pub fn {function}("))
            || text.contains(&format!("    {function}: \""))
    };
    let found: Vec<_> = texts.filter(is_its).collect();
    assert_eq!(found.len(), 1, "{function} is in one file");
    found.into_iter().next().expect("a file")
}

fn presets() -> PathBuf {
    root().join("crates/tower-oauth-core/src/provider/presets")
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}
