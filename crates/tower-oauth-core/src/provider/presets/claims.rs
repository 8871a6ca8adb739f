//! What several presets do to a profile that no table can say.

use serde_json::{Map, Value};

use crate::json;

/// Puts what is at `path` under `claim`, whatever the provider keeps there.
pub(super) fn put(claims: &mut Map<String, Value>, claim: &str, path: &str) {
    let value = json::at(claims, path).cloned().unwrap_or_default();
    claims.insert(claim.into(), value);
}

/// Makes a `name` of the given and the family name, where there is none.
pub(super) fn full_name(claims: &mut Map<String, Value>) {
    let parts =
        ["given_name", "family_name"].map(|claim| claims.get(claim).and_then(Value::as_str));
    let name = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    if !name.trim().is_empty() {
        claims.entry("name").or_insert_with(|| name.trim().into());
    }
}
