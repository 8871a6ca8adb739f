//! Randomness, injected: tests draw from a seed, applications from the operating system.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Where unpredictable bytes come from.
///
/// An implementation for production must be a cryptographically secure generator of the operating
/// system or of a vetted library ([RFC 9700 section 2.1.1](https://www.rfc-editor.org/rfc/rfc9700#section-2.1.1)).
pub trait Random: fmt::Debug + Send + Sync + 'static {
    /// Fills `bytes`.
    ///
    /// # Errors
    ///
    /// When the generator cannot deliver. The caller gives up; there is no weaker fallback.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomUnavailable>;
}

/// The generator of randomness cannot deliver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RandomUnavailable;

impl fmt::Display for RandomUnavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the operating system's random generator is unavailable")
    }
}

impl std::error::Error for RandomUnavailable {}

/// 256 random bits.
pub(crate) fn bytes32(random: &dyn Random) -> Result<[u8; 32], RandomUnavailable> {
    let mut bytes = [0; 32];
    random.fill(&mut bytes)?;
    Ok(bytes)
}

/// 256 random bits as 43 characters of the URL-safe alphabet, the form that `state`, `nonce` and
/// `code_verifier` take ([RFC 7636 section 4.1](https://www.rfc-editor.org/rfc/rfc7636#section-4.1)).
pub(crate) fn token(random: &dyn Random) -> Result<String, RandomUnavailable> {
    Ok(URL_SAFE_NO_PAD.encode(bytes32(random)?))
}
