//! The OpenID Foundation's conformance modules for relying parties, mirrored by name: Basic RP, Config RP, Form Post RP
//! and refresh tokens. The suite sees only HTTP, so "reject" means that no further request is made; here the
//! kind of the failure is asserted besides.

mod refresh_token;

use std::time::Duration;

use serde_json::{Map, Value, json};
use tower_oauth::provider::ResponseMode;
use tower_oauth::{Auth, Provider};
use tower_oauth_test::{Answer, Endpoint, Page, Signing, TestBrowser};
use tower_oauth_tests::Setup;

use crate::signatures::id_token_segments;

type Object = Map<String, Value>;

/// A relying party at a provider that the modules of a plan change, each in its way.
struct Plan {
    setup: Setup,
    mode: ResponseMode,
}

impl Plan {
    /// As the suite's provider does, this one offers more than it should, in an order of its own.
    fn basic(signing: Signing) -> Self {
        let setup = Setup::with(|op| op.signing(signing));
        setup.provider.answer_always(
            Endpoint::Metadata,
            Answer::modify(|response| {
                let mut document: Value = serde_json::from_slice(response.body()).unwrap();
                let types = ["id_token token", "code id_token", "code", "id_token"];
                document["response_types_supported"] = json!(types);
                document["id_token_signing_alg_values_supported"] =
                    json!(["none", "HS256", "PS256", "RS256", "ES256"]);
                *response.body_mut() = document.to_string().into();
            }),
        );
        Self { setup, mode: ResponseMode::Query }
    }

    fn form_post(signing: Signing) -> Self {
        Self { mode: ResponseMode::FormPost, ..Self::basic(signing) }
    }

    fn auth(&self) -> Auth {
        let registration: Provider =
            self.setup.registration().quirks(|quirks| quirks.response_mode = self.mode);
        self.setup.builder().provider(registration).build().unwrap()
    }

    fn browser(&self) -> TestBrowser {
        self.setup.browser(&self.auth())
    }

    /// Signs in as Alice, through the form that posts the response where the plan has one.
    async fn sign_in(&self, browser: &mut TestBrowser) -> Page {
        browser.open("/private").await;
        let page = browser.click("Alice").await;
        match self.mode {
            ResponseMode::FormPost => browser.submit(page.forms().remove(0)).await,
            _ => page,
        }
    }

    /// The login succeeds and userinfo was asked.
    async fn accepts(&self) {
        let mut browser = self.browser();
        assert_eq!(self.sign_in(&mut browser).await.text(), "private to sub-alice");
        assert_eq!(self.setup.provider.requests_to(Endpoint::UserInfo).len(), 1);
    }

    /// The login fails with this code, and what the provider answered is used for nothing.
    async fn rejects(&self, code: &str) {
        let mut browser = self.browser();
        let page = self.sign_in(&mut browser).await;
        assert!(page.text().contains(code), "{}", page.text());
        assert!(browser.cookies().is_empty());
        let asked = self.setup.provider.requests_to(Endpoint::UserInfo).len();
        assert_eq!(asked, usize::from(code == "userinfo"));
    }

    fn id_token(self, change: impl Fn(&mut Object, &mut Object) + Send + Sync + 'static) -> Self {
        self.setup.provider.modify_id_token(change);
        self
    }

    /// The next ID token says `{"alg":"none"}` and has no signature.
    fn unsigned(self) -> Self {
        let answer = id_token_segments(|segments| {
            segments[0] = "eyJhbGciOiJub25lIn0".into();
            segments[2].clear();
        });
        self.setup.provider.answer(Endpoint::Token, answer);
        self
    }

    /// Changes the key set that the provider publishes.
    fn keys(self, change: impl Fn(&mut Vec<Value>) + Send + Sync + 'static) -> Self {
        self.setup.provider.answer_always(
            Endpoint::Jwks,
            Answer::modify(move |response| {
                let mut set: Value = serde_json::from_slice(response.body()).unwrap();
                change(set["keys"].as_array_mut().unwrap());
                *response.body_mut() = set.to_string().into();
            }),
        );
        self
    }
}

/// Appends to a claim, as the suite's conditions do.
fn append(claim: &'static str, suffix: &'static str) -> impl Fn(&mut Object, &mut Object) {
    move |_, claims| {
        let value = format!("{}{suffix}", claims[claim].as_str().unwrap());
        claims.insert(claim.into(), value.into());
    }
}

fn without(claim: &'static str) -> impl Fn(&mut Object, &mut Object) {
    move |_, claims| {
        claims.remove(claim);
    }
}

fn no_kid(header: &mut Object, _: &mut Object) {
    header.remove("kid");
}

/// The 14 modules that Basic RP and Form Post RP share.
macro_rules! modules {
    ($plan:ident) => {
        use super::*;

        fn plan() -> Plan {
            Plan::$plan(Signing::Rs256)
        }

        #[tokio::test]
        async fn oidcc_client_test() {
            plan().accepts().await;
        }

        #[tokio::test]
        async fn oidcc_client_test_invalid_iss() {
            plan().id_token(append("iss", "1")).rejects("id_token").await;
        }

        #[tokio::test]
        async fn oidcc_client_test_missing_sub() {
            plan().id_token(without("sub")).rejects("id_token").await;
        }

        #[tokio::test]
        async fn oidcc_client_test_invalid_aud() {
            plan().id_token(append("aud", "1")).rejects("id_token").await;
        }

        #[tokio::test]
        async fn oidcc_client_test_missing_iat() {
            plan().id_token(without("iat")).rejects("id_token").await;
        }

        #[tokio::test]
        async fn oidcc_client_test_kid_absent_single_jwks() {
            let plan = plan().id_token(no_kid).keys(|keys| {
                keys[0].as_object_mut().unwrap().remove("kid");
            });
            plan.accepts().await;
        }

        #[tokio::test]
        async fn oidcc_client_test_kid_absent_multiple_jwks() {
            let other = Plan::basic(Signing::Rs256).setup.provider.jwks()["keys"][0].clone();
            let plan = plan().id_token(no_kid).keys(move |keys| keys.insert(0, other.clone()));
            plan.accepts().await;
        }

        #[tokio::test]
        async fn oidcc_client_test_idtoken_sig_rs256() {
            plan().accepts().await;
        }

        #[tokio::test]
        async fn oidcc_client_test_idtoken_sig_none() {
            plan().unsigned().rejects("id_token").await;
        }

        #[tokio::test]
        async fn oidcc_client_test_invalid_sig_rs256() {
            let plan = plan();
            plan.setup.provider.answer(Endpoint::Token, id_token_segments(|segments| {
                let first = if segments[2].starts_with('A') { "B" } else { "A" };
                segments[2].replace_range(..1, first);
            }));
            plan.rejects("id_token").await;
        }

        #[tokio::test]
        async fn oidcc_client_test_userinfo_invalid_sub() {
            let plan = plan();
            let other = json!({ "sub": "sub-aliceinvalid", "name": "Mallory" });
            plan.setup.provider.answer(Endpoint::UserInfo, Answer::json(other));
            plan.rejects("userinfo").await;
        }

        #[tokio::test]
        async fn oidcc_client_test_nonce_invalid() {
            plan().id_token(append("nonce", "1")).rejects("nonce_mismatch").await;
        }

        #[tokio::test]
        async fn oidcc_client_test_scope_userinfo_claims() {
            let plan = plan();
            let mut browser = plan.browser();
            plan.sign_in(&mut browser).await;
            let asked = plan.setup.provider.requests_to(Endpoint::Authorization);
            assert_eq!(asked[0].query().get("scope"), Some("openid profile email"));
            let claims = browser.open("/profile").await.json()["claims"].clone();
            assert_eq!(claims["email"], "alice@example.com");
            assert_eq!(claims["name"], "Alice Liddell");
        }

        #[tokio::test]
        async fn oidcc_client_test_client_secret_basic() {
            let plan = plan();
            plan.accepts().await;
            let request = plan.setup.provider.requests_to(Endpoint::Token).remove(0);
            assert!(request.headers()["authorization"].to_str().unwrap().starts_with("Basic "));
            assert_eq!(request.form().get("client_secret"), None);
        }
    };
}

mod basic_rp {
    modules!(basic);
}

mod form_post_rp {
    modules!(form_post);

    #[tokio::test]
    async fn oidcc_client_test_form_post_error() {
        let plan = plan();
        let registration = plan.setup.registration().authorization_parameter("prompt", "none");
        let registration =
            registration.quirks(|quirks| quirks.response_mode = ResponseMode::FormPost);
        let auth = plan.setup.builder().provider(registration).build().unwrap();
        let mut browser = plan.setup.browser(&auth);
        let page = browser.open("/private").await;
        let page = browser.submit(page.forms().remove(0)).await;
        assert_eq!(page.status(), 403);
        assert!(page.text().contains("provider_denied"));
        assert!(plan.setup.provider.requests_to(Endpoint::Token).is_empty());
    }
}

mod config_rp {
    use super::*;

    #[tokio::test]
    async fn oidcc_client_test_discovery_openid_config() {
        let plan = Plan::basic(Signing::Rs256);
        plan.accepts().await;
        assert_eq!(plan.setup.provider.requests()[0].endpoint(), Endpoint::Metadata);
    }

    #[tokio::test]
    async fn oidcc_client_test_discovery_jwks_uri_keys() {
        let plan = Plan::basic(Signing::Es256);
        plan.setup.provider.answer_always(
            Endpoint::Metadata,
            Answer::modify(|response| {
                let mut document: Value = serde_json::from_slice(response.body()).unwrap();
                document["jwks_uri"] = "https://keys.example/9f8a7/set".into();
                *response.body_mut() = document.to_string().into();
            }),
        );
        let keys = plan.setup.provider.jwks();
        let network = tower_oauth_test::InProcessNetwork::new().host(
            "https://keys.example",
            move |request: http::Request<bytes::Bytes>| match request.uri().path() {
                "/9f8a7/set" => Answer::json(keys.clone()),
                _ => Answer::status(404),
            },
        );
        Plan { setup: plan.setup.on(network), mode: plan.mode }.accepts().await;
    }

    #[tokio::test]
    async fn oidcc_client_test_discovery_issuer_mismatch() {
        let plan = Plan::basic(Signing::Rs256);
        plan.setup.provider.answer_always(
            Endpoint::Metadata,
            Answer::modify(|response| {
                let mut document: Value = serde_json::from_slice(response.body()).unwrap();
                document["issuer"] = "https://op.exampleINVALID".into();
                *response.body_mut() = document.to_string().into();
            }),
        );
        let page = plan.browser().open("/private").await;
        assert!(page.text().contains("discovery"));
        assert!(plan.setup.provider.requests_to(Endpoint::Authorization).is_empty());
    }

    #[tokio::test]
    async fn oidcc_client_test_idtoken_sig_none() {
        Plan::basic(Signing::Rs256).unsigned().rejects("id_token").await;
    }

    #[tokio::test]
    async fn oidcc_client_test_signing_key_rotation_just_before_signing() {
        let plan = Plan::basic(Signing::Rs256);
        let mut browser = plan.browser();
        plan.sign_in(&mut browser).await;
        browser.open("/private").await;
        browser.open("/auth/login?return_to=/private").await;
        plan.setup.provider.rotate_keys();
        plan.setup.provider.retire_old_keys();
        assert_eq!(browser.click("Alice").await.text(), "private to sub-alice");
    }

    #[tokio::test]
    async fn oidcc_client_test_signing_key_rotation() {
        let plan = Plan::basic(Signing::Rs256);
        let mut browser = plan.browser();
        plan.sign_in(&mut browser).await;
        plan.setup.provider.rotate_keys();
        plan.setup.provider.retire_old_keys();
        plan.setup.clock.advance(Duration::from_secs(1));
        browser.clear_cookies();
        plan.sign_in(&mut browser).await;
        assert_eq!(plan.setup.provider.requests_to(Endpoint::Jwks).len(), 2);
        assert_eq!(plan.setup.provider.requests_to(Endpoint::UserInfo).len(), 2);
    }
}

/// The modules of the plans `oidcc-client-basic-`, `-formpost-basic-` and `-config-certification-test-plan`, and of
/// `oidcc-client-refreshtoken-test-plan`.
#[test]
fn every_module_of_the_plans_has_its_test() {
    let (basic, rest) = include_str!("mod.rs").split_once("mod form_post_rp").unwrap();
    let (form_post, rest) = rest.split_once("mod config_rp").unwrap();
    let (config, _) = rest.split_once("fn every_module").unwrap();
    let refresh_token = include_str!("refresh_token.rs");
    for (plan, source, modules) in [
        (
            "basic and form post",
            basic,
            &[
                "",
                "-invalid-iss",
                "-missing-sub",
                "-invalid-aud",
                "-missing-iat",
                "-kid-absent-single-jwks",
                "-kid-absent-multiple-jwks",
                "-idtoken-sig-rs256",
                "-idtoken-sig-none",
                "-invalid-sig-rs256",
                "-userinfo-invalid-sub",
                "-nonce-invalid",
                "-scope-userinfo-claims",
                "-client-secret-basic",
            ][..],
        ),
        ("form post", form_post, &["-form-post-error"]),
        (
            "config",
            config,
            &[
                "-discovery-openid-config",
                "-discovery-jwks-uri-keys",
                "-discovery-issuer-mismatch",
                "-idtoken-sig-none",
                "-signing-key-rotation-just-before-signing",
                "-signing-key-rotation",
            ],
        ),
        (
            "refresh token",
            refresh_token,
            &["-refresh-token", "-refresh-token-invalid-issuer", "-refresh-token-invalid-sub"],
        ),
    ] {
        for module in modules {
            let test = format!("async fn oidcc_client_test{}()", module.replace('-', "_"));
            assert!(source.contains(&test), "{plan}: {test}");
        }
    }
}
