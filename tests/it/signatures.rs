//! Signatures of ID tokens by every accepted algorithm, good and bad, and keys that are named as something else.

use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tower_oauth_test::{Answer, Endpoint, Signing};
use tower_oauth_tests::Setup;

use crate::faults::fails;

const SIGNINGS: [Signing; 5] =
    [Signing::Rs256, Signing::Ps256, Signing::Es256, Signing::Es384, Signing::EdDsa];

/// A token response whose ID token has other segments.
pub(crate) fn id_token_segments(
    change: impl Fn(&mut Vec<String>) + Send + Sync + 'static,
) -> Answer {
    Answer::modify(move |response| {
        let mut body: Value = serde_json::from_slice(response.body()).unwrap();
        let mut segments: Vec<String> =
            body["id_token"].as_str().unwrap().split('.').map(ToOwned::to_owned).collect();
        change(&mut segments);
        body["id_token"] = segments.join(".").into();
        *response.body_mut() = body.to_string().into();
    })
}

/// One bit of what a segment encodes.
fn flip(segment: &str, bit: usize) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode(segment).unwrap();
    let place = bit / 8 % bytes.len();
    bytes[place] ^= 1 << (bit % 8);
    URL_SAFE_NO_PAD.encode(bytes)
}

#[tokio::test]
async fn i01_every_accepted_algorithm_signs_in() {
    for signing in SIGNINGS {
        let setup = Setup::with(|op| op.signing(signing));
        let mut browser = setup.browser(&setup.auth());
        assert_eq!(browser.login_as("alice").await.text(), "Hello, Alice Liddell!", "{signing:?}");
    }
}

#[tokio::test]
async fn i01_every_bit_of_a_signed_token_counts() {
    for signing in SIGNINGS {
        let setup = Setup::with(|op| op.signing(signing));
        setup.provider.approve_as(Some("alice"));
        for segment in 0..3 {
            for bit in [0, 7, 100, 251] {
                setup.provider.answer(
                    Endpoint::Token,
                    id_token_segments(move |segments| {
                        segments[segment] = flip(&segments[segment], bit);
                    }),
                );
                let what = format!("{signing:?}, segment {segment}, bit {bit}");
                assert_eq!(fails(&setup).await.0.1, "id_token", "{what}");
            }
        }
        for change in
            [|_: &str| String::new(), |s: &str| s[4..].into(), |s: &str| format!("{s}AAAA")]
        {
            let answer = id_token_segments(move |segments| segments[2] = change(&segments[2]));
            setup.provider.answer(Endpoint::Token, answer);
            assert_eq!(fails(&setup).await.0.1, "id_token", "{signing:?}");
        }
        assert!(setup.provider.requests_to(Endpoint::UserInfo).is_empty());
    }
}

/// A true signature under the name of another algorithm, by the same key, whether the key names its own or not.
#[tokio::test]
async fn i06_a_signature_counts_under_its_own_name_alone() {
    for (signing, is_named) in SIGNINGS.into_iter().flat_map(|it| [(it, true), (it, false)]) {
        let setup = Setup::with(|op| op.signing(signing));
        setup.provider.approve_as(Some("alice"));
        if !is_named {
            let answer = Answer::modify(|response| {
                let mut set: Value = serde_json::from_slice(response.body()).unwrap();
                set["keys"][0].as_object_mut().unwrap().remove("alg");
                *response.body_mut() = set.to_string().into();
            });
            setup.provider.answer_always(Endpoint::Jwks, answer);
        }
        let own = setup.provider.jose_header()["alg"].clone();
        for name in ["RS256", "RS384", "PS256", "PS512", "ES256", "ES384", "EdDSA", "HS256", "none"]
        {
            setup.provider.modify_id_token(move |header, _| {
                header.insert("alg".into(), name.into());
            });
            let page = setup.browser(&setup.auth()).open("/auth/login").await;
            assert_eq!(page.status() == 200, own == name, "{signing:?} as {name}: {}", page.text());
        }
    }
}

/// A MAC keyed by whatever of a public key somebody might take for a secret.
#[tokio::test]
async fn i03_no_form_of_a_public_key_keys_a_mac() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    let jwk = setup.provider.jwks()["keys"][0].clone();
    let modulus = URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap();
    let pkcs1 = pkcs1(&modulus);
    let spki = spki(&pkcs1);
    let pem = |kind: &str, body: &[u8]| {
        let text = STANDARD.encode(body);
        format!("-----BEGIN {kind} KEY-----\n{text}\n-----END {kind} KEY-----")
    };
    let keys = [
        jwk.to_string().into_bytes(),
        jwk["n"].to_string().into_bytes(),
        modulus,
        pem("RSA PUBLIC", &pkcs1).into_bytes(),
        format!("{}\n", pem("RSA PUBLIC", &pkcs1)).into_bytes(),
        pkcs1,
        pem("PUBLIC", &spki).into_bytes(),
        format!("{}\n", pem("PUBLIC", &spki)).into_bytes(),
        spki,
    ];
    for key in keys {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let answer = id_token_segments(move |segments| {
            segments[0] = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#);
            let message = segments[..2].join(".");
            segments[2] = URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes()));
        });
        setup.provider.answer(Endpoint::Token, answer);
        assert_eq!(fails(&setup).await.0.1, "id_token");
    }
}

/// `RSAPublicKey` of RFC 8017 appendix A.1.1, for a modulus of 2048 bits and the exponent 65537.
fn pkcs1(modulus: &[u8]) -> Vec<u8> {
    [&[0x30, 0x82, 1, 10, 2, 0x82, 1, 1, 0][..], modulus, &[2, 3, 1, 0, 1]].concat()
}

/// `SubjectPublicKeyInfo` of RFC 5280 section 4.1 with the algorithm `rsaEncryption`.
fn spki(pkcs1: &[u8]) -> Vec<u8> {
    let algorithm = [0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1, 5, 0];
    [&[0x30, 0x82, 1, 0x22][..], &algorithm, &[3, 0x82, 1, 15, 0], pkcs1].concat()
}

/// A key's name is compared and nothing else: no path, no query, no part of an address.
#[tokio::test]
async fn i11_the_name_of_a_key_is_data() {
    let setup = Setup::new();
    setup.provider.approve_as(Some("alice"));
    for kid in [
        json!("../../etc/passwd"),
        json!("https://evil.example/jwks"),
        json!("' OR 1=1 --"),
        json!("a\0b"),
        json!("x".repeat(512)),
        json!("x".repeat(60 * 1024)),
        json!(""),
        json!(7),
        json!(null),
        json!(["a"]),
    ] {
        let described = kid.to_string();
        setup.provider.modify_id_token(move |header, _| {
            header.insert("kid".into(), kid.clone());
        });
        let (failure, page) = fails(&setup).await;
        assert_eq!(failure, (502, "id_token".into()), "{described:.40}");
        assert!(!page.text().contains("passwd"));
    }
    let addresses = setup.provider.requests();
    assert!(addresses.iter().all(|request| !request.uri().to_string().contains("evil")));
    assert!(addresses.iter().filter(|request| request.endpoint() == Endpoint::Other).count() == 0);
}

#[tokio::test]
async fn i29_the_hash_of_another_algorithm_is_a_wrong_one() {
    let left = |algorithm: &'static aws_lc_rs::digest::Algorithm, token: &str| {
        let hash = digest(algorithm, token.as_bytes());
        URL_SAFE_NO_PAD.encode(&hash.as_ref()[..hash.as_ref().len() / 2])
    };
    for (signing, own) in
        [(Signing::Ps256, 0), (Signing::Es256, 0), (Signing::Es384, 1), (Signing::EdDsa, 2)]
    {
        for (place, algorithm) in [&SHA256, &SHA384, &SHA512].into_iter().enumerate() {
            let setup = Setup::with(|op| op.signing(signing));
            setup.provider.approve_as(Some("alice"));
            let signer = setup.provider.clone();
            setup.provider.answer(
                Endpoint::Token,
                Answer::modify(move |response| {
                    let mut body: Value = serde_json::from_slice(response.body()).unwrap();
                    let payload = body["id_token"].as_str().unwrap().split('.').nth(1).unwrap();
                    let mut claims: Value =
                        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
                    claims["at_hash"] =
                        left(algorithm, body["access_token"].as_str().unwrap()).into();
                    body["id_token"] =
                        signer.sign(&signer.jose_header(), claims.as_object().unwrap()).into();
                    *response.body_mut() = body.to_string().into();
                }),
            );
            let page = setup.browser(&setup.auth()).open("/auth/login").await;
            assert_eq!(
                page.status(),
                if place == own { 200 } else { 502 },
                "{signing:?} {algorithm:?}"
            );
        }
    }
}
