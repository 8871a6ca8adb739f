//! The binary form of a session: members one after the other, each a tag, a length and so many bytes.
//!
//! Read in place, at each request that loads a session from elsewhere. A reader skips tags that it does not know, so a
//! member may be added.

use crate::plaintext::Plaintext;

/// Writes members.
pub(super) struct Writer(Plaintext);

impl Writer {
    /// With `room` for so many bytes. It grows, but then leaves behind what it held.
    pub(super) fn new(room: usize) -> Self {
        Self(Plaintext::with_room(room))
    }

    pub(super) fn put(&mut self, tag: u8, value: impl AsRef<[u8]>) {
        let value = value.as_ref();
        self.0.push(tag);
        // Seven bits at a time, the lowest first; all but the last byte have the eighth bit.
        let mut length = value.len();
        while length >= 0x80 {
            let [low, ..] = length.to_le_bytes();
            self.0.push(low | 0x80);
            length >>= 7;
        }
        let [low, ..] = length.to_le_bytes();
        self.0.push(low);
        self.0.extend(value);
    }

    pub(super) fn put_if(&mut self, tag: u8, value: Option<impl AsRef<[u8]>>) {
        if let Some(value) = value {
            self.put(tag, value);
        }
    }

    pub(super) fn finish(self) -> Plaintext {
        self.0
    }
}

/// The members in `bytes`, (tag, value) each; `None` for one that is not whole, which is the last.
pub(super) fn members(bytes: &[u8]) -> impl Iterator<Item = Option<(u8, &[u8])>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (&tag, after) = std::mem::take(&mut rest).split_first()?;
        let member = length(after).and_then(|(length, after)| after.split_at_checked(length));
        Some(member.map(|(value, after)| {
            rest = after;
            (tag, value)
        }))
    })
}

/// The length that `bytes` begin with, and what follows it. Four bytes are more than any session needs.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut length = 0;
    for (place, byte) in bytes.iter().enumerate().take(4) {
        length |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((length, bytes.get(place + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_read_back_whatever_their_length() {
        for len in [0, 1, 127, 128, 129, 16_383, 16_384, 3_000_000] {
            let value = vec![7; len];
            let mut writer = Writer::new(0);
            writer.put(1, &value);
            writer.put_if(2, None::<&str>);
            writer.put_if(3, Some("x"));
            let bytes = writer.finish();
            let read: Option<Vec<_>> = members(&bytes).collect();
            assert_eq!(read, Some(vec![(1, &*value), (3, b"x".as_slice())]), "{len}");
        }
    }

    #[test]
    fn what_is_not_whole_is_nothing() {
        let mut writer = Writer::new(0);
        writer.put(1, [7; 300]);
        let bytes = writer.finish();
        for len in 1..bytes.len() {
            let read: Vec<_> = members(bytes.split_at(len).0).collect();
            assert_eq!(read, [None], "{len}");
        }
        assert_eq!(members(&[]).count(), 0);
        let endless = [1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(members(&endless).collect::<Vec<_>>(), [None]);
    }
}
