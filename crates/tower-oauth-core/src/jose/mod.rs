//! Signed tokens from a provider: keys, signatures, and nothing that a token says about itself is believed
//! before its signature holds.

mod algorithm;
mod key_set;
mod signed;

pub use algorithm::Algorithm;
pub(crate) use key_set::{KeySet, VerificationKey};
pub(crate) use signed::{Claims, SignedToken};
