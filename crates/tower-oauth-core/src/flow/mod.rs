//! A login, step by step; one file each, in this order:
//!
//! 1. [`start`]: where the browser is sent, and the [`attempt`] that waits for its return;
//! 2. [`callback`]: the authorization response is checked against the attempt;
//! 3. [`exchange`]: the code becomes tokens, read through [`token_response`];
//! 4. [`id_token`]: the ID token is verified;
//! 5. [`userinfo`] and [`profile`]: the rest of the profile, and the identity it adds up to.

pub(crate) mod attempt;
pub(crate) mod callback;
mod exchange;
pub(crate) mod finish;
mod id_token;
mod profile;
pub(crate) mod start;
pub(crate) mod token_response;
mod userinfo;
