//! The form of a session outside the process: members one after the other, each a tag, a length and so much text.
//!
//! All of it is text, so that it is read in place, at each request that loads a session from elsewhere, and checked to be
//! one once. A reader skips tags that it does not know, so a member may be added.

use std::ops::Range;

use crate::plaintext::Plaintext;

/// In each digit of a length but the last.
const MORE: u8 = 0x40;

/// Takes a member: a tag, which is an ASCII character, and a value.
pub(super) type Put<'a> = &'a mut dyn FnMut(u8, &str);

/// All that `write` puts. It is called twice, first to find out how much room that takes: a text that grew would leave behind
/// what it held.
pub(super) fn written(write: impl Fn(Put<'_>)) -> Plaintext {
    let mut room = 0;
    write(&mut |_, value| room += 1 + digits(value.len()).count() + value.len());
    let mut text = Plaintext::with_room(room);
    write(&mut |tag, value| {
        text.push(tag);
        digits(value.len()).for_each(|digit| text.push(digit));
        text.extend(value.as_bytes());
    });
    text
}

/// The digits of a length, of six bits each, the lowest first: what has the eighth bit would be no text.
fn digits(length: usize) -> impl Iterator<Item = u8> {
    let mut rest = Some(length);
    std::iter::from_fn(move || {
        let length = rest?;
        rest = Some(length >> 6).filter(|rest| *rest > 0);
        let [low, ..] = length.to_le_bytes();
        let digit = low & (MORE - 1);
        Some(if rest.is_some() { digit | MORE } else { digit })
    })
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
        members(text).map(|it| it.map(|(tag, value)| (tag, text.get(value).unwrap()))).collect()
    }

    #[test]
    fn members_read_back_whatever_their_length() {
        for len in [0, 1, 63, 64, 65, 4_095, 4_096, 300_000] {
            let value = "7".repeat(len);
            let text = written(|put| {
                put(1, &value);
                put(3, "x");
            });
            assert_eq!(read(&text), [Some((1, &*value)), Some((3, "x"))], "{len}");
            let bytes = text.into_bytes();
            assert_eq!(bytes.len(), bytes.capacity());
        }
    }

    #[test]
    fn what_is_not_whole_is_nothing() {
        let text = written(|put| put(1, &"é".repeat(150)));
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
