//! The rules behind the cases, over many inputs: whatever a browser or a provider sends, whoever is signed in
//! afterwards has every right to be.

use std::collections::BTreeMap;

use http::Method;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tower_oauth::Clock;
use tower_oauth_test::{Answer, Endpoint, Signing};
use tower_oauth_tests::Setup;
use url::Url;

use crate::login::callback_url;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future)
}

/// Values that somebody might take for the right one.
fn claim() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1e300),
        json!(1_770_000_000_u64),
        json!(1_770_000_060_u64),
        json!(1_770_000_061_u64),
        json!(1_769_999_940_u64),
        json!(1_769_999_941_u64),
        json!(1_770_000_000.5),
        json!("1770000000"),
        json!(""),
        json!("client"),
        json!("client "),
        json!("CLIENT"),
        json!("https://op.example"),
        json!("https://op.example/"),
        json!("sub-alice"),
        json!("sub-bob"),
        json!("a\u{0}b"),
        json!([]),
        json!({}),
        json!(["client"]),
        json!(["client", "client"]),
        json!(["client", "other"]),
        json!(["https://op.example"]),
    ])
}

const CLAIMS: [&str; 9] = ["iss", "aud", "azp", "exp", "iat", "nbf", "nonce", "sub", "events"];

/// OpenID Connect Core sections 2 and 3.1.3.7, written down once more.
fn is_good(claims: &Map<String, Value>, now: f64, nonce: &Value) -> bool {
    let time = |name: &str| match claims.get(name) {
        None => Some(None),
        Some(value) => value.as_f64().filter(|seconds| *seconds >= 0.0).map(Some),
    };
    let (Some(Some(exp)), Some(Some(iat)), Some(nbf)) = (time("exp"), time("iat"), time("nbf"))
    else {
        return false;
    };
    let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
    claims.get("iss") == Some(&json!("https://op.example"))
        && [json!("client"), json!(["client"])].iter().any(|aud| claims.get("aud") == Some(aud))
        && claims.get("azp").is_none_or(|party| party == "client")
        && exp.floor() + 60.0 > now
        && iat.floor() <= now + 60.0
        && iat.floor() >= now - 86_400.0
        && nbf.is_none_or(|nbf| nbf.floor() <= now + 60.0)
        && claims.get("nonce") == Some(nonce)
        && !subject.is_empty()
        && subject.bytes().all(|b| matches!(b, 0x20..=0x7e))
        && !claims.contains_key("events")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// An ID token signs somebody in if it keeps every rule, and only then. Without userinfo, so that it stands alone.
    #[test]
    fn i16_to_i26_an_id_token_counts_if_and_only_if_it_keeps_the_rules(
        changes in prop::collection::vec((prop::sample::select(CLAIMS.to_vec()), prop::option::of(claim())), 0..4),
    ) {
        let setup = Setup::with(|op| op.signing(Signing::Es256));
        setup.provider.approve_as(Some("alice"));
        let seen = std::sync::Arc::new(std::sync::Mutex::new((Map::new(), Value::Null)));
        let sees = seen.clone();
        setup.provider.modify_id_token(move |_, claims| {
            let nonce = claims["nonce"].clone();
            for (name, value) in &changes {
                match value {
                    Some(value) => claims.insert((*name).into(), value.clone()),
                    None => claims.remove(*name),
                };
            }
            *sees.lock().unwrap() = (claims.clone(), nonce);
        });
        let registration =
            setup.registration().quirks(|quirks| quirks.userinfo = tower_oauth::provider::UserInfo::IdToken);
        let auth = setup.builder().provider(registration).build().unwrap();
        let mut browser = setup.browser(&auth);
        let page = block_on(browser.open("/auth/login"));
        let (claims, nonce) = seen.lock().unwrap().clone();
        #[expect(clippy::cast_precision_loss, reason = "a time of this century")]
        let now = setup.clock.now().unix_seconds() as f64;
        prop_assert_eq!(page.status() == 200, is_good(&claims, now, &nonce), "{:?}: {}", claims, page.text());
        if page.status() == 200 {
            let profile = block_on(browser.open("/profile")).json();
            prop_assert_eq!(&profile["subject"], &claims["sub"]);
        }
    }

    /// Userinfo adds to who somebody is and changes nothing that was signed.
    #[test]
    fn u01_u08_userinfo_never_changes_who_somebody_is(
        members in prop::collection::btree_map(
            prop::sample::select(vec![
                "sub", "iss", "aud", "sid", "nonce", "acr", "amr", "auth_time", "email", "email_verified", "name",
            ]),
            claim(),
            0..6,
        ),
        keeps_subject: bool,
    ) {
        let setup = Setup::with(|op| op.signing(Signing::Es256).claims_in_id_token(true));
        setup.provider.approve_as(Some("alice"));
        let mut members: BTreeMap<_, _> = members;
        if keeps_subject {
            members.insert("sub", json!("sub-alice"));
        }
        setup.provider.answer_always(Endpoint::UserInfo, Answer::json(json!(members)));
        let mut browser = setup.browser(&setup.auth());
        let page = block_on(browser.open("/auth/login"));
        let is_about_her = members.get("sub") == Some(&json!("sub-alice"));
        prop_assert_eq!(page.status() == 200, is_about_her, "{:?}", members);
        if is_about_her {
            let profile = block_on(browser.open("/profile")).json();
            prop_assert_eq!(&profile["issuer"], "https://op.example");
            prop_assert_eq!(&profile["subject"], "sub-alice");
            prop_assert_eq!(&profile["claims"]["aud"], "client");
            for name in ["acr", "amr"] {
                prop_assert_eq!(profile["claims"].get(name), None);
            }
            let email = profile["email"].as_str().unwrap();
            prop_assert!(email.ends_with("(\"alice@example.com\")"), "{}", email);
        }
    }

    /// A response that was changed on its way signs in only where nothing changed that counts.
    #[test]
    fn c14_to_c31_a_changed_response_signs_in_only_unchanged(
        changes in prop::collection::vec(
            (
                any::<prop::sample::Index>(),
                prop::sample::select(vec![
                    "&", "=", "%", "%00", "&x=y", "&code=c", "&state=s", "&iss=i", "&error=access_denied", "A", "+", ";",
                    "&access_token=t", "&response=r", "#", "/",
                ]),
            ),
            0..3,
        ),
    ) {
        let setup = Setup::with(|op| op.signing(Signing::Es256));
        setup.provider.approve_as(Some("alice"));
        let auth = setup.auth();
        let browser = setup.browser(&auth);
        let callback = block_on(callback_url(&browser, "/auth/login"));
        let (path, query) = callback.split_once('?').unwrap();
        let mut changed = query.to_owned();
        for (place, piece) in changes {
            changed.insert_str(place.index(changed.len() + 1), piece);
        }
        let url = Url::parse(&format!("{path}?{changed}")).unwrap();
        let known = |url: &Url| {
            let names = ["code", "state", "iss", "error", "response", "access_token", "id_token", "token_type"];
            let mut pairs: Vec<_> = url.query_pairs().into_owned().collect();
            pairs.retain(|(name, _)| names.contains(&name.as_str()));
            pairs.sort();
            pairs
        };
        let page = block_on(browser.request(Method::GET, url.as_str(), &[]));
        let is_unchanged = known(&url) == known(&Url::parse(&callback).unwrap());
        prop_assert_eq!(page.status() == 303, is_unchanged, "{}: {}", url, page.text());
        let signed_in = browser.cookies().iter().any(|(name, _)| name == "__Host-auth");
        prop_assert_eq!(signed_in, is_unchanged);
        prop_assert!(page.status() != 500, "{}", url);
    }

    /// Only one cookie of exactly the right name with exactly the right value is a session.
    #[test]
    fn k08_k09_k12_a_cookie_header_is_a_session_or_nobody(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "__Host-auth=ID", "__Host-auth=ID", "__Host-auth=OTHER", "; ", ";", " ", "\t", "=", "\"", ",", "x",
                "__host-auth=ID", "__Host-auth-attempt-x=ID", "$Version=1", "theme=dark", "\u{e4}",
            ]),
            1..8,
        ),
    ) {
        let setup = Setup::with(|op| op.signing(Signing::Es256));
        setup.provider.approve_as(Some("alice"));
        let auth = setup.auth();
        let mut browser = setup.browser(&auth);
        block_on(browser.open("/auth/login"));
        let id = browser.cookies().remove(0).1;
        let header = pieces.concat().replace("ID", &id).replace("OTHER", &"A".repeat(43));
        let page = block_on(setup.browser(&auth).request(Method::GET, "/private", &[("cookie", &header)]));
        let right = format!("__Host-auth={id}");
        let pairs: Vec<_> = header.split(';').map(|pair| pair.trim_matches(' ')).collect();
        let named = pairs.iter().filter(|pair| pair.starts_with("__Host-auth=") && !pair.starts_with("__Host-auth=\""));
        let (mut any, mut all) = (false, true);
        for pair in named {
            any = true;
            all &= *pair == right;
        }
        prop_assert_eq!(page.status().as_u16(), if any && all { 200 } else { 401 }, "{:?}", header);
    }
}
