//! [`Plaintext`]: the content of a sealed value, on its way in or out.

use std::fmt;
use std::mem;
use std::ops::Deref;

use zeroize::Zeroize;

/// Bytes that are cleared when they are dropped.
///
/// All at once, where `Zeroizing<Vec<u8>>` goes byte by byte: a session of three kilobytes is opened at each request.
pub struct Plaintext(Vec<u8>);

impl Plaintext {
    /// Empty, with `room` for so many bytes. It grows, but then leaves behind what it held.
    pub(crate) fn with_room(room: usize) -> Self {
        Self(Vec::with_capacity(room))
    }

    pub(crate) fn push(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// The bytes, which are somebody else's to clear now.
    pub(crate) fn into_bytes(mut self) -> Vec<u8> {
        mem::take(&mut self.0)
    }

    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

impl From<Vec<u8>> for Plaintext {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Deref for Plaintext {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Plaintext {
    fn drop(&mut self) {
        self.0.as_mut_slice().zeroize();
    }
}

impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plaintext(..)")
    }
}
