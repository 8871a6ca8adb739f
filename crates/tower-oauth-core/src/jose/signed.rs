//! A signed token in compact form ([RFC 7515 section 3.1](https://www.rfc-editor.org/rfc/rfc7515#section-3.1)).

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::{Algorithm, VerificationKey};
use crate::json;
use crate::secret::ClientSecret;

/// Longest accepted token and header; refused before anything is decoded.
const MAX_TOKEN_LEN: usize = 64 * 1024;
const MAX_HEADER_LEN: usize = 8 * 1024;
const MAX_KID_LEN: usize = 512;

/// A token whose header was read and whose signature was not checked yet. Its claims are out of reach
/// until a key [verifies](Self::verify) it.
pub(crate) struct SignedToken<'a> {
    algorithm: Algorithm,
    kid: Option<String>,
    message: &'a str,
    payload: &'a str,
    signature: Vec<u8>,
}

/// The claims of a token whose signature holds.
pub(crate) type Claims = Map<String, Value>;

impl<'a> SignedToken<'a> {
    /// Reads `token`. The error says what is wrong with its form.
    pub(crate) fn parse(token: &'a str) -> Result<Self, &'static str> {
        Self::parse_as(token, &[])
    }

    /// Reads a token that may also say in `typ` that it is one of `types`.
    pub(crate) fn parse_as(token: &'a str, types: &[&str]) -> Result<Self, &'static str> {
        if token.len() > MAX_TOKEN_LEN {
            return Err("is longer than 64 KiB");
        }
        let (message, signature) = token.rsplit_once('.').ok_or("has not three segments")?;
        let (header, payload) = message.split_once('.').ok_or("has not three segments")?;
        if payload.contains('.') {
            return Err("has not three segments");
        }
        if header.len() > MAX_HEADER_LEN {
            return Err("has a header longer than 8 KiB");
        }
        let signature = URL_SAFE_NO_PAD
            .decode(signature)
            .map_err(|_| "has a signature that is not base64url")?;
        let header =
            URL_SAFE_NO_PAD.decode(header).map_err(|_| "has a header that is not base64url")?;
        let header =
            json::parse_object(&header).map_err(|_| "has a header that is not an object")?;
        let (algorithm, kid) = check_header(&header, types)?;
        Ok(Self { algorithm, kid, message, payload, signature })
    }

    pub(crate) const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(crate) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The claims, if one of `keys` made the signature.
    pub(crate) fn verify<'k>(
        &self,
        keys: impl Iterator<Item = &'k VerificationKey>,
    ) -> Result<Claims, &'static str> {
        for key in keys {
            if key.verify(self.algorithm, self.message.as_bytes(), &self.signature) {
                return self.claims();
            }
        }
        Err("has a signature of none of the provider's keys")
    }

    /// The claims, if `secret` made the MAC. Only for providers that are declared to sign so.
    pub(crate) fn verify_mac(&self, secret: &ClientSecret) -> Result<Claims, &'static str> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.secret().as_bytes());
        let verified = self.algorithm == Algorithm::Hs256
            && hmac::verify(&key, self.message.as_bytes(), &self.signature).is_ok();
        if verified { self.claims() } else { Err("has a MAC that is not the client secret's") }
    }

    fn claims(&self) -> Result<Claims, &'static str> {
        let payload = URL_SAFE_NO_PAD
            .decode(self.payload)
            .map_err(|_| "has a payload that is not base64url")?;
        json::parse_object(&payload).map_err(|_| "has a payload that is not an object")
    }
}

fn check_header(
    header: &Map<String, Value>,
    types: &[&str],
) -> Result<(Algorithm, Option<String>), &'static str> {
    let algorithm = header
        .get("alg")
        .and_then(Value::as_str)
        .and_then(Algorithm::from_name)
        .ok_or("is signed with an algorithm that is not accepted")?;
    // An extension that must be understood is one we do not know (RFC 7515 section 4.1.11).
    if header.contains_key("crit") || header.contains_key("b64") {
        return Err("needs an extension that is not supported");
    }
    // Tokens of other kinds say so (RFC 8725 section 3.11); `jwk`, `jku`, `x5c`, `x5u` are never looked at.
    match header.get("typ") {
        None => {}
        Some(Value::String(typ))
            if ["jwt", "application/jwt"]
                .iter()
                .chain(types)
                .any(|accepted| typ.eq_ignore_ascii_case(accepted)) => {}
        Some(_) => return Err("is of another type"),
    }
    let kid = match header.get("kid") {
        None => None,
        Some(Value::String(kid)) if kid.len() <= MAX_KID_LEN => Some(kid.clone()),
        Some(_) => return Err("has a kid that is not a short string"),
    };
    Ok((algorithm, kid))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str) -> String {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.{}", encode(header), encode("{}"), encode("signature"))
    }

    #[test]
    fn i02_alg_none_in_any_spelling_is_refused() {
        for alg in [r#""none""#, r#""None""#, r#""nOnE""#, r#""""#, "null", "7", r#""rs256""#] {
            assert!(SignedToken::parse(&token(&format!("{{\"alg\":{alg}}}"))).is_err(), "{alg}");
        }
        assert!(SignedToken::parse(&token("{}")).is_err());
    }

    #[test]
    fn i14_i15_extensions_and_foreign_types_are_refused() {
        for extra in [
            r#""crit":["exp"]"#,
            r#""b64":false"#,
            r#""typ":"at+jwt""#,
            r#""typ":"logout+jwt""#,
            r#""typ":"JOSE+JSON""#,
            r#""typ":1"#,
            r#""kid":7"#,
            r#""alg":"ES256""#,
        ] {
            let header = format!("{{\"alg\":\"RS256\",{extra}}}");
            assert!(SignedToken::parse(&token(&header)).is_err(), "{extra}");
        }
        for typ in ["JWT", "jwt", "application/jwt"] {
            let header = format!("{{\"alg\":\"RS256\",\"typ\":\"{typ}\"}}");
            assert!(SignedToken::parse(&token(&header)).is_ok(), "{typ}");
        }
    }

    #[test]
    fn i32_only_the_compact_form_is_read() {
        let good = token(r#"{"alg":"RS256"}"#);
        assert!(SignedToken::parse(&good).is_ok());
        for bad in [
            good.replace('.', ""),
            format!("{good}.x"),
            format!("{good}.x.y"),
            format!("{good}.AAAA"),
            format!("{good}="),
            format!(" {good}"),
            format!("{good}\n"),
            format!("\u{feff}{good}"),
            good.rsplit_once('.').unwrap().0.to_owned(),
            String::new(),
        ] {
            assert!(SignedToken::parse(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn i40_size_is_refused_before_decoding() {
        assert!(SignedToken::parse(&".".repeat(100_000)).is_err());
        assert!(SignedToken::parse(&format!("{}.e30.AA", "A".repeat(9_000))).is_err());
        assert!(SignedToken::parse(&"A".repeat(10 << 20)).is_err());
    }

    #[test]
    fn hs256_verifies_with_the_client_secret_alone() {
        let secret = ClientSecret::new("a secret");
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let message = format!("{}.{}", encode(br#"{"alg":"HS256"}"#), encode(br#"{"sub":"1"}"#));
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.secret().as_bytes());
        let mac = hmac::sign(&key, message.as_bytes());
        let token = format!("{message}.{}", encode(mac.as_ref()));
        let token = SignedToken::parse(&token).unwrap();
        assert_eq!(token.verify_mac(&secret).unwrap()["sub"], "1");
        assert!(token.verify_mac(&ClientSecret::new("another")).is_err());
    }

    #[test]
    fn i40_each_limit_holds_by_itself() {
        let of = |header: &str, payload: &str| {
            SignedToken::parse(&format!("{}.{payload}.AAAA", URL_SAFE_NO_PAD.encode(header)))
                .map(|_| ())
        };
        let header = r#"{"alg":"RS256"}"#;
        assert!(of(header, &"A".repeat(60 * 1024)).is_ok());
        assert_eq!(of(header, &"A".repeat(64 * 1024)), Err("is longer than 64 KiB"));
        let long = format!(r#"{{"alg":"RS256","x":"{}"}}"#, "x".repeat(8 * 1024));
        assert_eq!(of(&long, "e30"), Err("has a header longer than 8 KiB"));
        let kid = |len| format!(r#"{{"alg":"RS256","kid":"{}"}}"#, "k".repeat(len));
        assert!(of(&kid(512), "e30").is_ok());
        assert!(of(&kid(513), "e30").is_err());
    }

    #[test]
    fn i03_a_mac_under_another_algorithms_name_does_not_verify() {
        let secret = ClientSecret::new("a secret");
        let message = format!("{}.e30", URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#));
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.secret().as_bytes());
        let mac = URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes()));
        let token = format!("{message}.{mac}");
        assert!(SignedToken::parse(&token).unwrap().verify_mac(&secret).is_err());
    }
}
