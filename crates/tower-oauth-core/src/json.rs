//! JSON from a provider, read strictly: an object, each name once.
//!
//! Two members of one name are read differently by different parsers, which is how a checked value and a
//! used value come apart ([RFC 8725 section 2.4](https://www.rfc-editor.org/rfc/rfc8725#section-2.4)).

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Parses `bytes` as one JSON object without duplicate names at any depth.
///
/// The error tells what is wrong and where, never the content.
pub(crate) fn parse_object(bytes: &[u8]) -> Result<Map<String, Value>, JsonError> {
    match serde_json::from_slice::<Strict>(bytes) {
        Ok(Strict(Value::Object(object))) => Ok(object),
        Ok(_) => Err(JsonError("is JSON but not an object".into())),
        Err(error) if error.is_data() => {
            Err(JsonError(format!("names a member twice (line {})", error.line())))
        }
        Err(error) => Err(JsonError(format!(
            "is not JSON (line {}, column {})",
            error.line(),
            error.column()
        ))),
    }
}

/// What is wrong with a document, to follow its name in a sentence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct JsonError(String);

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The value at a dotted `path` below `object`: `data.user.id`, `items.0`.
pub(crate) fn at<'a>(object: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let mut names = path.split('.');
    let mut value = object.get(names.next()?)?;
    for name in names {
        value = match value {
            Value::Object(object) => object.get(name)?,
            Value::Array(items) => items.get(name.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(value)
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON with distinct names")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Strict(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Strict(value))) = map.next_entry::<String, Strict>()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("duplicate name"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicate_names_are_refused_at_any_depth() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"b":{"a":1,"a":2}}"#, r#"{"b":[{"a":1,"a":2}]}"#] {
            assert!(parse_object(text.as_bytes()).unwrap_err().0.contains("twice"), "{text}");
        }
    }

    #[test]
    fn t05_only_an_object_is_accepted() {
        for text in ["[]", "\"x\"", "null", "1"] {
            assert_eq!(parse_object(text.as_bytes()).unwrap_err().0, "is JSON but not an object");
        }
    }

    #[test]
    fn t04_truncated_and_trailing_are_refused() {
        for text in ["", "{", "{}x", "\u{feff}{}", "<html>", "{\"a\":}"] {
            assert!(parse_object(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn q10_depth_is_bounded() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(parse_object(deep.as_bytes()).is_err());
    }

    #[test]
    fn paths_reach_nested_values() {
        let object = parse_object(br#"{"data":{"users":[{"id":7}]},"id":1}"#).unwrap();
        assert_eq!(at(&object, "data.users.0.id"), Some(&Value::from(7)));
        assert_eq!(at(&object, "id"), Some(&Value::from(1)));
        assert_eq!(at(&object, "data.x"), None);
        assert_eq!(at(&object, "id.x"), None);
    }
}
