//! What an API says is wrong with a token: the `WWW-Authenticate` header
//! ([RFC 6750 section 3](https://www.rfc-editor.org/rfc/rfc6750#section-3)).

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

/// Longest header that is read, and most scopes that are taken from it.
const MAX_LEN: usize = 8 * 1024;
const MAX_SCOPES: usize = 100;

/// The scopes that the token lacks, if that is what is wrong with it.
pub(super) fn insufficient_scope(headers: &HeaderMap) -> Option<Vec<String>> {
    let challenges = headers.get_all(WWW_AUTHENTICATE).into_iter();
    let mut challenges = challenges.filter_map(|value| value.to_str().ok());
    challenges.find_map(|challenge| {
        let parameters = bearer_parameters(challenge)?;
        let find = |wanted: &str| {
            let found = parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| value.as_str())
        };
        (find("error") == Some("insufficient_scope")).then(|| {
            let scopes = find("scope").unwrap_or_default().split(' ');
            scopes.filter(|scope| !scope.is_empty()).take(MAX_SCOPES).map(Into::into).collect()
        })
    })
}

/// The parameters of the challenge `Bearer` in a list of challenges
/// ([RFC 9110 section 11.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1)).
fn bearer_parameters(header: &str) -> Option<Vec<(String, String)>> {
    if header.len() > MAX_LEN {
        return None;
    }
    let mut parameters = None;
    let mut rest = header;
    while let Some((item, after)) = next_item(rest) {
        rest = after;
        // A scheme stands before its first parameter, without a `=` of its own.
        let (scheme, parameter) = match item.split_once(' ') {
            Some((scheme, parameter)) if !scheme.contains('=') => (Some(scheme), parameter.trim()),
            _ if !item.contains('=') => (Some(item), ""),
            _ => (None, item),
        };
        match (scheme, &parameters) {
            (Some(_), Some(_)) => break,
            (Some(scheme), None) if scheme.eq_ignore_ascii_case("bearer") => {
                parameters = Some(Vec::new());
            }
            _ => {}
        }
        if let (Some(parameters), Some((name, value))) =
            (&mut parameters, parameter.split_once('='))
        {
            parameters.push((name.trim().to_owned(), unquote(value.trim())));
        }
    }
    parameters
}

/// What stands before the next comma that is not in quotes, and what follows it.
fn next_item(rest: &str) -> Option<(&str, &str)> {
    let rest = rest.trim_start_matches([' ', ',', '\t']);
    if rest.is_empty() {
        return None;
    }
    let (mut quoted, mut escaped) = (false, false);
    let end = rest.find(|c: char| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => return true,
            _ => {}
        }
        false
    });
    let (item, after) = rest.split_at(end.unwrap_or(rest.len()));
    Some((item.trim(), after))
}

fn unquote(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"') else { return value.to_owned() };
    let mut text = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => break,
            '\\' => text.extend(characters.next()),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn scopes(header: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_str(header).unwrap());
        insufficient_scope(&headers).map(|scopes| scopes.join("+"))
    }

    #[test]
    fn missing_scopes_are_read_from_any_form_of_the_challenge() {
        for (header, expected) in [
            (r#"Bearer error="insufficient_scope", scope="a b""#, Some("a+b")),
            (r#"bearer realm="x, y", error=insufficient_scope, scope="a""#, Some("a")),
            (r#"Bearer ERROR="insufficient_scope""#, Some("")),
            (r#"Basic realm="x", Bearer error="insufficient_scope", scope="a""#, Some("a")),
            (r#"Bearer scope="a", error="insufficient_scope", Basic realm="x""#, Some("a")),
            (r#"Bearer realm="say \"error=insufficient_scope\"""#, None),
            (r#"Bearer error="invalid_token", scope="a""#, None),
            (r#"Basic error="insufficient_scope""#, None),
            ("Bearer", None),
            ("", None),
            (r#"Bearer error="insufficient_scope", scope="a"#, Some("a")),
        ] {
            assert_eq!(scopes(header).as_deref(), expected, "{header}");
        }
    }

    proptest! {
        #[test]
        fn no_header_is_too_odd(header in "[ -~]{0,200}", parts in r#"(Bearer|Basic|,|=|"|\\| |error|scope|insufficient_scope){0,30}"#) {
            let _ = scopes(&header);
            let _ = scopes(&parts);
        }
    }
}
