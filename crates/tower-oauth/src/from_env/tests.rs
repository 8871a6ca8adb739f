//! What the environment configures, and what it is told when it cannot.

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
fn x08_an_error_names_the_variable() {
    for (vars, start) in [
        (&[("AUTH_ACME_ID", "id")][..], "AUTH_ACME_SECRET: is not set"),
        (&[("AUTH_ACME_ISSUER", "https://x")], "AUTH_ACME_ID: is not set"),
        (&[("AUTH_ACME_ID", "id"), ("AUTH_ACME_SECRET", "s")], "AUTH_ACME_ISSUER: is not set"),
        (&[("AUTH_SECRET", "short")], "AUTH_SECRET: must have at least 32 bytes"),
        (
            &[
                ("AUTH_X_ID", "id"),
                ("AUTH_X_SECRET", "s"),
                ("AUTH_X_ISSUER", "https://x"),
                ("AUTH_X_SCOPES", "groups"),
            ],
            "provider x, scopes: must contain openid",
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

/// A key of P-256 that is nobody's.
fn private_key_pem() -> String {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
    use base64::Engine as _;
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let der = key.to_pkcs8v1().unwrap();
    let body = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
    format!("-----BEGIN PRIVATE KEY-----\\n{body}\\n-----END PRIVATE KEY-----\\n")
}

#[test]
fn every_preset_can_be_configured_by_its_name_alone() {
    let pem = private_key_pem();
    for preset in Preset::all() {
        let name = preset.key().to_ascii_uppercase().replace('-', "_");
        let mut vars = vec![
            (URL.to_owned(), "https://app.example".to_owned()),
            (format!("AUTH_{name}_ID"), "id".into()),
        ];
        if preset.wants_key() {
            vars.push((format!("AUTH_{name}_TEAM_ID"), "team".into()));
            vars.push((format!("AUTH_{name}_KEY_ID"), "key".into()));
            vars.push((format!("AUTH_{name}_PRIVATE_KEY"), pem.clone()));
        } else {
            vars.push((
                format!("AUTH_{name}_SECRET"),
                "a secret that is long enough for a MAC".into(),
            ));
        }
        if let Some(place) = preset.place() {
            let field = place.name.to_ascii_uppercase();
            if place.default.is_none() {
                let missing = Auth::from_vars(vars.clone()).unwrap_err().to_string();
                assert!(
                    missing.starts_with(&format!("AUTH_{name}_{field}: is not set")),
                    "{missing}"
                );
                assert!(missing.contains(place.example), "{missing}");
            }
            vars.push((format!("AUTH_{name}_{field}"), place.example.into()));
        }
        let builder = Auth::from_vars(vars).unwrap_or_else(|error| panic!("{name}: {error}"));
        let [provider] = builder.providers() else { panic!("{name} is one provider") };
        assert_eq!(provider.login_key(), preset.key());
        assert!(provider.how_to_register().is_some(), "{name} says where to register");
        builder.build().unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn x08_apple_wants_a_key_and_a_public_address() {
    let pem = private_key_pem();
    let with = |url: &str, key: &str| {
        let vars = [
            (URL, url),
            ("AUTH_APPLE_ID", "com.example.web"),
            ("AUTH_APPLE_TEAM_ID", "team"),
            ("AUTH_APPLE_KEY_ID", "key"),
            ("AUTH_APPLE_PRIVATE_KEY", key),
        ];
        Auth::from_vars(vars).and_then(AuthBuilder::build).map(|_| ()).map_err(|e| e.to_string())
    };
    assert_eq!(with("https://app.example", &pem), Ok(()));
    for url in ["http://localhost:3000", "https://localhost"] {
        let error = with(url, &pem).unwrap_err();
        assert!(
            error.starts_with("provider apple: takes redirect URIs on https and a public host"),
            "{error}"
        );
    }
    for key in
        ["/nowhere/AuthKey.p8", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]
    {
        let error = with("https://app.example", key).unwrap_err();
        assert!(
            error.starts_with("AUTH_APPLE_PRIVATE_KEY: ") && !error.contains("AAAA"),
            "{error}"
        );
    }
    let vars = [(URL, "https://app.example"), ("AUTH_APPLE_ID", "com.example.web")];
    let error = Auth::from_vars(vars).unwrap_err().to_string();
    assert!(error.starts_with("AUTH_APPLE_TEAM_ID: is not set"), "{error}");
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
