//! The token response ([RFC 6749 section 5](https://www.rfc-editor.org/rfc/rfc6749#section-5)) in the one form that is read on:
//! provider oddities end here.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value};

use crate::client::{has_media_type, unavailable};
use crate::error::{Error, ErrorKind};
use crate::json;
use crate::provider::{Quirks, TokenResponse, UserInfo};
use crate::secret::{AccessTokenSecret, RawIdToken, RefreshToken};

/// Longest lifetime that is believed; anything beyond is cut to it.
const MAX_EXPIRES_IN: u64 = 100 * 365 * 24 * 60 * 60;

/// What the token endpoint said.
pub(crate) enum Answer {
    /// RFC 6749 section 5.1.
    Tokens(Tokens),
    /// RFC 6749 section 5.2, by its code, as the provider wrote it.
    Error(String),
}

/// Bearer tokens, each of them one that can go into a header.
pub(crate) struct Tokens {
    pub(crate) access_token: AccessTokenSecret,
    pub(crate) expires_in: Option<Duration>,
    pub(crate) refresh_token: Option<RefreshToken>,
    /// OpenID Connect Core section 3.1.3.3.
    pub(crate) id_token: Option<RawIdToken>,
    /// With spaces between them.
    pub(crate) scope: Option<String>,
    /// The rest of the response, where that is the profile.
    pub(crate) profile: Option<Map<String, Value>>,
}

/// Reads `response` by RFC 6749, and by what `quirks` says of the provider.
pub(crate) fn read(response: &http::Response<Bytes>, quirks: &Quirks) -> Result<Answer, Error> {
    let shape = quirks.token_response;
    if let Some(error) = unavailable("the token endpoint", response) {
        return Err(error);
    }
    let status = response.status();
    if !status.is_success() && !status.is_client_error() {
        return Err(invalid(format!("is a status {}", status.as_u16())));
    }
    let mut body = members(response, shape)?;
    if let Some(code) = own_error(&body, quirks) {
        return Ok(Answer::Error(code.to_owned()));
    }
    // Some providers send errors under status 200.
    if let Some(error) = body.get("error").filter(|error| !error.is_null()) {
        return Ok(Answer::Error(error.as_str().unwrap_or("unreadable").to_owned()));
    }
    if status != StatusCode::OK {
        return Err(invalid(format!("has status {} and names no error", status.as_u16())));
    }
    let mut tokens = success(&mut body, shape)?;
    if matches!(quirks.userinfo, UserInfo::TokenResponse) {
        tokens.profile = Some(body);
    }
    Ok(Answer::Tokens(tokens))
}

fn members(
    response: &http::Response<Bytes>,
    shape: TokenResponse,
) -> Result<Map<String, Value>, Error> {
    let body = response.body();
    if shape == TokenResponse::Strict {
        if !has_media_type(response, "application/json") {
            return Err(invalid("is not application/json"));
        }
        return json::parse_object(body).map_err(|problem| invalid(problem.to_string()));
    }
    let looks_like_json = body.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{');
    let mut object = if looks_like_json {
        json::parse_object(body).map_err(|problem| invalid(problem.to_string()))?
    } else {
        form_urlencoded::parse(body)
            .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
            .collect()
    };
    if let TokenResponse::Wrapped(path) = shape
        && let Some(Value::Object(inner)) = json::at(&object, path)
    {
        object = inner.clone();
    }
    Ok(object)
}

/// The code of RFC 6749 section 5.2 for an error that the provider tells in a way of its own.
fn own_error(body: &Map<String, Value>, quirks: &Quirks) -> Option<&'static str> {
    let is = |path: &str, expected: &str| match json::at(body, path) {
        Some(Value::String(text)) => text == expected,
        Some(Value::Number(number)) => number.to_string() == expected,
        _ => false,
    };
    quirks.token_errors.iter().find(|(path, value, _)| is(path, value)).map(|error| error.2)
}

/// Takes out the members that the flow knows, each with its right type.
fn success(body: &mut Map<String, Value>, shape: TokenResponse) -> Result<Tokens, Error> {
    let access_token = match body.remove("access_token") {
        Some(Value::String(token)) if is_token(&token) => token.into(),
        _ => return Err(invalid("has no usable `access_token`")),
    };
    match body.remove("token_type") {
        // RFC 6749 section 7.1: the client must not use a token of a type it does not know.
        Some(Value::String(kind)) if kind.eq_ignore_ascii_case("bearer") => {}
        None if shape != TokenResponse::Strict => {}
        _ => return Err(invalid("has no `token_type` or one other than Bearer")),
    }
    let expires_in = expires_in(body.remove("expires_in"))?;
    let mut token = |name: &str| match body.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(token)) if token.is_empty() => Ok(None),
        Some(Value::String(token)) if is_token(&token) => Ok(Some(token)),
        Some(_) => Err(invalid(format!("has a `{name}` that is not a token"))),
    };
    Ok(Tokens {
        access_token,
        expires_in: expires_in.filter(|it| !it.is_zero() || shape == TokenResponse::Strict),
        refresh_token: token("refresh_token")?.map(Into::into),
        id_token: token("id_token")?.map(Into::into),
        scope: match body.remove("scope") {
            None | Some(Value::Null) => None,
            Some(Value::String(scope)) if shape == TokenResponse::Strict => Some(scope),
            Some(Value::String(scope)) => Some(scope.replace(',', " ")),
            Some(Value::Array(scopes)) if shape != TokenResponse::Strict => {
                let scopes: Option<Vec<&str>> = scopes.iter().map(Value::as_str).collect();
                let scopes = scopes.ok_or_else(|| invalid("has a `scope` that is not text"))?;
                Some(scopes.join(" "))
            }
            Some(_) => return Err(invalid("has a `scope` that is not a string")),
        },
        profile: None,
    })
}

/// Seconds: a number or a number in quotes, fractions dropped, far futures cut.
fn expires_in(value: Option<Value>) -> Result<Option<Duration>, Error> {
    let number = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
        Some(_) => None,
    };
    match number {
        Some(seconds) if seconds >= 0.0 => {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "not negative, and a float beyond u64 saturates"
            )]
            let seconds = seconds as u64;
            Ok(Some(Duration::from_secs(seconds.min(MAX_EXPIRES_IN))))
        }
        _ => Err(invalid("has an `expires_in` that is not a number of seconds")),
    }
}

/// RFC 6749 appendix A.12: VSCHAR. A token goes into a header, so nothing else may pass.
fn is_token(text: &str) -> bool {
    // Not `all`: without a way out in the middle, many bytes are looked at in one step.
    !text.is_empty() && text.bytes().fold(true, |so_far, b| so_far & matches!(b, 0x20..=0x7e))
}

fn invalid(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::TokenEndpoint, format!("the token endpoint's answer {what}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The answer as RFC 6749 would have it.
    fn as_json(answer: Answer) -> Value {
        match answer {
            Answer::Error(code) => json!({ "error": code }),
            Answer::Tokens(it) => json!({
                "access_token": it.access_token.secret(),
                "expires_in": it.expires_in.map(|lifetime| lifetime.as_secs()),
                "refresh_token": it.refresh_token.as_ref().map(RefreshToken::secret),
                "id_token": it.id_token.as_ref().map(RawIdToken::secret),
                "scope": it.scope,
                "profile": it.profile,
            }),
        }
    }

    fn run(
        status: u16,
        content_type: &str,
        body: &str,
        shape: TokenResponse,
    ) -> Result<Value, Error> {
        let response = http::Response::builder()
            .status(status)
            .header("content-type", content_type)
            .body(Bytes::copy_from_slice(body.as_bytes()))
            .unwrap();
        let quirks = Quirks { token_response: shape, ..Quirks::default() };
        read(&response, &quirks).map(as_json)
    }

    fn strict(body: &str) -> Result<Value, Error> {
        run(200, "application/json; charset=utf-8", body, TokenResponse::Strict)
    }

    fn lenient(body: &str) -> Value {
        run(200, "text/plain", body, TokenResponse::Lenient).unwrap()
    }

    #[test]
    fn t01_an_error_under_status_200_is_an_error() {
        let value = strict(r#"{"error":"invalid_grant","access_token":"x"}"#).unwrap();
        assert_eq!(value, json!({ "error": "invalid_grant" }));
        let body = r#"{"error":{"code":1},"access_token":"x","token_type":"Bearer"}"#;
        assert_eq!(strict(body).unwrap(), json!({ "error": "unreadable" }));
    }

    #[test]
    fn t02_t07_t10_t11_wrong_types_are_refused() {
        for body in [
            r#"{"token_type":"Bearer"}"#,
            r#"{"access_token":"","token_type":"Bearer"}"#,
            r#"{"access_token":null,"token_type":"Bearer"}"#,
            r#"{"access_token":7,"token_type":"Bearer"}"#,
            r#"{"access_token":{},"token_type":"Bearer"}"#,
            r#"{"access_token":"a\r\nb","token_type":"Bearer"}"#,
            r#"{"access_token":"a\tb","token_type":"Bearer"}"#,
            r#"{"access_token":"a\u007f","token_type":"Bearer"}"#,
            r#"{"access_token":"a","token_type":"Bearer","refresh_token":"a\r\nb"}"#,
            r#"{"access_token":"a","token_type":"Bearer","id_token":"\u00e4"}"#,
            r#"{"access_token":"a"}"#,
            r#"{"access_token":"a","token_type":"mac"}"#,
            r#"{"access_token":"a","token_type":"N_A"}"#,
            r#"{"access_token":"a","token_type":1}"#,
            r#"{"access_token":"a","token_type":"Bearer","scope":1}"#,
            r#"{"access_token":"a","token_type":"Bearer","scope":["a"]}"#,
            r#"{"access_token":"a","token_type":"Bearer","refresh_token":1}"#,
            r#"{"access_token":"a","token_type":"Bearer","id_token":{}}"#,
        ] {
            assert_eq!(strict(body).unwrap_err().kind(), ErrorKind::TokenEndpoint, "{body}");
        }
        for kind in ["bearer", "BEARER", "bEARER"] {
            let body = format!(r#"{{"access_token":"a","token_type":"{kind}"}}"#);
            assert_eq!(strict(&body).unwrap()["access_token"], "a");
        }
    }

    #[test]
    fn t09_expires_in() {
        let run = |value: &str| {
            let body =
                format!(r#"{{"access_token":"a","token_type":"Bearer","expires_in":{value}}}"#);
            strict(&body).map(|value| value["expires_in"].clone())
        };
        for (value, expected) in [
            ("3600", json!(3600)),
            ("\"3600\"", json!(3600)),
            ("3600.7", json!(3600)),
            ("0", json!(0)),
            ("null", Value::Null),
            ("1e300", json!(MAX_EXPIRES_IN)),
            ("99999999999999999999", json!(MAX_EXPIRES_IN)),
            ("\"99999999999999999999\"", json!(MAX_EXPIRES_IN)),
        ] {
            assert_eq!(run(value).unwrap(), expected, "{value}");
        }
        for value in
            ["-1", "true", "\"-1\"", "\"soon\"", "\"\"", "[]", "\"1e3\"", "\"+5\"", "\"inf\""]
        {
            assert!(run(value).is_err(), "{value}");
        }
    }

    #[test]
    fn t04_t15_t16_other_answers() {
        let ok = r#"{"access_token":"a","token_type":"Bearer"}"#;
        for (status, content_type, kind) in [
            (200, "text/html", ErrorKind::TokenEndpoint),
            (201, "application/json", ErrorKind::TokenEndpoint),
            (302, "application/json", ErrorKind::TokenEndpoint),
            (404, "application/json", ErrorKind::TokenEndpoint),
            (429, "application/json", ErrorKind::ProviderUnavailable),
            (500, "application/json", ErrorKind::ProviderUnavailable),
        ] {
            let error = run(status, content_type, ok, TokenResponse::Strict).unwrap_err();
            assert_eq!(error.kind(), kind, "{status} {content_type}");
        }
        for body in ["", "<html>", "{", "[]", "null", &format!("{ok}x"), &format!("\u{feff}{ok}")] {
            assert!(strict(body).is_err(), "{body}");
        }
    }

    #[test]
    fn lenient_shapes_are_understood() {
        let value = lenient("access_token=a&scope=repo%2Cgist&token_type=bearer&expires_in=60");
        assert_eq!(value["scope"], "repo gist");
        assert_eq!(value["expires_in"], 60);
        let value = lenient(r#"{"access_token":"a","scope":["x","y"]}"#);
        assert_eq!(value["scope"], "x y");
        assert_eq!(lenient(r#"{"access_token":"a","expires_in":0}"#)["expires_in"], Value::Null);
        let value = lenient("error=bad_verification_code&error_description=x");
        assert_eq!(value, json!({ "error": "bad_verification_code" }));
    }

    #[test]
    fn errors_of_its_own_are_told_by_the_table_alone() {
        let quirks = Quirks {
            token_response: TokenResponse::Lenient,
            token_errors: &[
                ("message", "Invalid code", "invalid_grant"),
                ("errors.0.code", "17", "invalid_client"),
            ],
            ..Quirks::default()
        };
        for (status, body, code) in [
            (400, r#"{"message":"Invalid code"}"#, "invalid_grant"),
            (200, r#"{"message":"Invalid code"}"#, "invalid_grant"),
            (400, r#"{"error":"Bad Request","message":"Invalid code"}"#, "invalid_grant"),
            (400, r#"{"errors":[{"code":17}]}"#, "invalid_client"),
            (400, r#"{"error":"other","message":"Invalid"}"#, "other"),
        ] {
            let response = http::Response::builder().status(status);
            let response = response.body(Bytes::from_static(body.as_bytes())).unwrap();
            let told = as_json(read(&response, &quirks).unwrap());
            assert_eq!(told, json!({ "error": code }), "{body}");
        }
    }

    #[test]
    fn the_rest_of_a_response_is_the_profile_where_the_provider_tells_it_there() {
        let body = r#"{"access_token":"a","token_type":"bearer","refresh_token":"b","id_token":"c","scope":"d",
            "expires_in":60,"profile":"e","user":{"id":"1"}}"#;
        let response = http::Response::new(Bytes::from_static(body.as_bytes()));
        let profile = |userinfo| {
            let token_response = TokenResponse::Lenient;
            let quirks = Quirks { token_response, userinfo, ..Quirks::default() };
            as_json(read(&response, &quirks).unwrap())["profile"].clone()
        };
        assert_eq!(
            profile(UserInfo::TokenResponse),
            json!({ "profile": "e", "user": { "id": "1" } })
        );
        assert_eq!(profile(UserInfo::IdToken), Value::Null);
    }

    #[test]
    fn a_wrapped_response_is_unwrapped() {
        let body = r#"{"ok":true,"authed_user":{"access_token":"a","scope":"x"}}"#;
        let shape = TokenResponse::Wrapped("authed_user");
        assert_eq!(run(200, "application/json", body, shape).unwrap()["access_token"], "a");
    }

    #[test]
    fn t07_a_foreign_token_type_is_refused_in_lenient_shapes_too() {
        let body = r#"{"access_token":"a","token_type":"mac"}"#;
        for shape in [TokenResponse::Lenient, TokenResponse::Wrapped("data")] {
            assert!(run(200, "application/json", body, shape).is_err());
        }
    }

    #[test]
    fn t16_a_redirect_is_not_read_as_an_error_of_the_provider() {
        let error =
            run(302, "application/json", r#"{"error":"invalid_grant"}"#, TokenResponse::Strict);
        assert_eq!(error.unwrap_err().kind(), ErrorKind::TokenEndpoint);
    }
}
