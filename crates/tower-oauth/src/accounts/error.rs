//! [`AccountError`]: a login that the application refuses, or could not decide on.

use std::borrow::Cow;
use std::fmt;

/// Why an [`AccountHook`](super::AccountHook) lets nobody in.
///
/// Made by [`refused`](Self::refused), or from any error by `?`: then the login fails with 503.
pub struct AccountError(pub(super) Reason);

pub(super) enum Reason {
    Refused { message: Cow<'static, str>, revoke: bool },
    Failed(Box<dyn std::error::Error + Send + Sync>),
}

impl AccountError {
    /// The user may not come in: 403, and `message` is what the person sees.
    #[must_use]
    pub fn refused(message: impl Into<Cow<'static, str>>) -> Self {
        Self(Reason::Refused { message: message.into(), revoke: false })
    }

    /// The hook has no answer: 503. `error` goes to the log, so it must hold no secret.
    #[must_use]
    pub fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(Reason::Failed(error.into()))
    }

    /// For a refusal: the tokens of this login are given back to the provider (RFC 7009), where it takes them, while
    /// nobody waits for that. Many providers then ask for consent again at the next login.
    #[must_use]
    pub fn revoke_tokens(mut self) -> Self {
        if let Reason::Refused { revoke, .. } = &mut self.0 {
            *revoke = true;
        }
        self
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for AccountError {
    fn from(error: E) -> Self {
        Self::failed(error)
    }
}

impl fmt::Debug for AccountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Reason::Refused { message, revoke } => {
                f.debug_struct("Refused").field("message", message).field("revoke", revoke).finish()
            }
            Reason::Failed(error) => f.debug_tuple("Failed").field(error).finish(),
        }
    }
}
