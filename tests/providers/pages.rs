//! `docs/providers.md` and the pages below it say what the presets say: they are written from them.

use std::fmt::Write as _;
use std::{env, fs, path::Path};

use tower_oauth_core::provider::{Group, Make, Preset};

const GROUPS: [(Group, &str, &str); 4] = [
    (Group::Consumer, "consumer", "Where people are as private persons"),
    (Group::Developer, "developer", "Where developers keep code and run it"),
    (Group::Work, "work", "What people work with"),
    (Group::Commerce, "commerce", "Where things are sold, paid and accounted for"),
];

/// Set to rewrite the pages: `WRITE_PAGES=1 cargo test -p tower-oauth-tests --test providers pages`.
const WRITE: &str = "WRITE_PAGES";

#[test]
fn the_pages_say_what_the_presets_say() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let mut pages = vec![("providers.md".to_owned(), overview())];
    for (group, file, title) in GROUPS {
        pages.push((format!("providers/{file}.md"), details(group, title)));
    }
    for (file, page) in pages {
        let path = docs.join(&file);
        if env::var_os(WRITE).is_some() {
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(&path, &page).expect("a page that can be written");
        }
        let written = fs::read_to_string(&path).unwrap_or_default();
        assert!(written == page, "{file} is out of date; set {WRITE}=1 to rewrite it");
    }
}

fn overview() -> String {
    let mut page = String::from(
        "# Providers\n\n\
         Each of these is one line: `providers::slack(id, secret)`, or, with [`Auth::from_env`], two variables, \
         `AUTH_SLACK_ID` and `AUTH_SLACK_SECRET`. Those at a host of one's own take it first: \
         `providers::gitlab(\"https://gitlab.example\", id, secret)`, or `AUTH_GITLAB_HOST`.\n\n\
         Any other OpenID provider is `providers::oidc(issuer, id, secret)`, or `AUTH_<NAME>_ISSUER`; any other OAuth \
         2.0 provider is `providers::oauth2`. This page and those it leads to are written from the presets.\n",
    );
    for (group, file, title) in GROUPS {
        let _ = write!(
            page,
            "\n## {title}\n\nWhat to register, and where: [providers/{file}.md](providers/{file}.md).\n\n\
             | provider | variables | refresh token | e-mail address |\n|---|---|---|---|\n"
        );
        for preset in of(group) {
            let Preset { name, refresh, email, .. } = preset;
            let _ = writeln!(page, "| {name} | `{}` | {refresh} | {email} |", variables(preset));
        }
    }
    page.push_str("\n[`Auth::from_env`]: https://docs.rs/tower-oauth/latest/tower_oauth/struct.Auth.html#method.from_env\n");
    page
}

fn details(group: Group, title: &str) -> String {
    let mut page = format!(
        "# {title}\n\n\
         The redirect URI to register is `<AUTH_URL>/auth/callback/<key>`. [All providers](../providers.md).\n"
    );
    for preset in of(group) {
        let Preset { key, name, register_at, redirect_uri_field, .. } = preset;
        let _ = write!(page, "\n## {name}\n\n- Key: `{key}`.\n");
        if let Make::AtHost { host, default, .. } = preset.make {
            let default = default.map(|host| format!(" Default: `{host}`.")).unwrap_or_default();
            let _ = writeln!(page, "- Host: {host}.{default}");
        }
        let _ = writeln!(page, "- Register the application at <{register_at}>.");
        let _ = writeln!(page, "- The redirect URI goes under: {redirect_uri_field}.");
        let _ = writeln!(page, "- Refresh token: {}", preset.refresh);
        let _ = writeln!(page, "- E-mail address: {}", preset.email);
        for note in preset.notes {
            let _ = writeln!(page, "- {note}");
        }
    }
    page
}

fn of(group: Group) -> impl Iterator<Item = &'static Preset> {
    Preset::all().filter(move |preset| preset.group == group)
}

fn variables(preset: &Preset) -> String {
    let host = if matches!(preset.make, Make::AtHost { .. }) { ", _HOST" } else { "" };
    format!("AUTH_{}_ID, _SECRET{host}", preset.key.to_ascii_uppercase().replace('-', "_"))
}
