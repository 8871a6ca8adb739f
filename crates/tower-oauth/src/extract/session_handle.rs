//! [`SessionHandle`]: the name of a session, for whatever outlives the request.

use std::fmt;
use std::str::FromStr;

use tower_oauth_core::session::StoreKey;

/// Names a session to a job that calls an API for its user when no request is there: the job keeps the handle, as
/// text if need be, and asks [`Auth::tokens_of`](crate::Auth::tokens_of) each time it runs.
///
/// It signs nobody in: it is a hash of the session's id, and only the application can do anything with it. Still it
/// is as confidential as other facts about a user.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionHandle(StoreKey);

/// A text that is not a [`SessionHandle`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidSessionHandle;

impl SessionHandle {
    pub(crate) const fn new(key: StoreKey) -> Self {
        Self(key)
    }

    pub(crate) const fn key(self) -> StoreKey {
        self.0
    }
}

/// 43 characters of the URL-safe base64 alphabet; [`FromStr`] reads them back.
impl fmt::Display for SessionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Enough of the handle to find lines of one session in a log.
impl fmt::Debug for SessionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SessionHandle").field(&self.0).finish()
    }
}

impl FromStr for SessionHandle {
    type Err = InvalidSessionHandle;

    fn from_str(text: &str) -> Result<Self, InvalidSessionHandle> {
        StoreKey::parse(text).map(Self).ok_or(InvalidSessionHandle)
    }
}

impl fmt::Display for InvalidSessionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a session handle: 43 characters of A-Z, a-z, 0-9, - and _ are expected")
    }
}

impl std::error::Error for InvalidSessionHandle {}
