//! The form of a session outside the process: members one after the other, each a tag, a length and so much text.
//!
//! All of it is text, so that it is read in place, at each request that loads a session from elsewhere, and checked to be
//! one once. A reader skips tags that it does not know, so a member may be added.

use std::ops::Range;

use crate::plaintext::Plaintext;

/// Writes members.
pub(super) struct Writer(Plaintext);

/// In each digit of a length but the last.
const MORE: u8 = 0x40;

impl Writer {
    /// With `room` for so many bytes. It grows, but then leaves behind what it held.
    pub(super) fn new(room: usize) -> Self {
        Self(Plaintext::with_room(room))
    }

    /// `tag` is an ASCII character.
    pub(super) fn put(&mut self, tag: u8, value: &str) {
        self.0.push(tag);
        // Six bits at a time, the lowest first: what has the eighth bit would be no text.
        let mut length = value.len();
        while length >= usize::from(MORE) {
            self.0.push(low_bits(length) | MORE);
            length >>= 6;
        }
        self.0.push(low_bits(length));
        self.0.extend(value.as_bytes());
    }

    pub(super) fn put_if(&mut self, tag: u8, value: Option<&str>) {
        if let Some(value) = value {
            self.put(tag, value);
        }
    }

    pub(super) fn finish(self) -> Plaintext {
        self.0
    }
}

fn low_bits(length: usize) -> u8 {
    let [low, ..] = length.to_le_bytes();
    low & (MORE - 1)
}

/// The members in `text`, (tag, where its value is) each; `None` for one that is not whole, which is the last.
pub(super) fn members(text: &str) -> impl Iterator<Item = Option<(u8, Range<usize>)>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (&tag, after) = text.as_bytes().get(at..)?.split_first()?;
        let value = length(after).and_then(|(digits, length)| {
            let start = at + 1 + digits;
            let value = start..start.checked_add(length)?;
            text.get(value.clone()).map(|_| value)
        });
        at = value.as_ref().map_or(text.len(), |value| value.end);
        Some(value.map(|value| (tag, value)))
    })
}

/// How many digits `bytes` begin with, and the length that they say. Four digits are more than any session needs.
fn length(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut length = 0;
    for (place, digit) in bytes.iter().enumerate().take(4) {
        length |= usize::from(digit & (MORE - 1)) << (6 * place);
        if digit & MORE == 0 {
            return Some((place + 1, length));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<Option<(u8, &str)>> {
        let text = std::str::from_utf8(text).unwrap();
        members(text).map(|it| it.map(|(tag, value)| (tag, &text[value]))).collect()
    }

    #[test]
    fn members_read_back_whatever_their_length() {
        for len in [0, 1, 63, 64, 65, 4_095, 4_096, 300_000] {
            let value = "7".repeat(len);
            let mut writer = Writer::new(0);
            writer.put(1, &value);
            writer.put_if(2, None);
            writer.put_if(3, Some("x"));
            assert_eq!(read(&writer.finish()), [Some((1, &*value)), Some((3, "x"))], "{len}");
        }
    }

    #[test]
    fn what_is_not_whole_is_nothing() {
        let mut writer = Writer::new(0);
        writer.put(1, &"é".repeat(150));
        let text = writer.finish();
        for len in (1..4).chain((4..text.len()).step_by(2).skip(1)) {
            if let Ok(text) = std::str::from_utf8(text.split_at(len).0) {
                assert_eq!(read(text.as_bytes()), [None], "{len}");
            }
        }
        assert_eq!(read(b""), []);
        assert_eq!(read(&[1, MORE, MORE, MORE, MORE, MORE, MORE]), [None]);
        // Where a character is cut in two.
        assert_eq!(read("\u{1}\u{1}é".as_bytes()), [None]);
    }
}
