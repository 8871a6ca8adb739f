//! [`Text`]: a text of its own, or a part of one that is cleared as a whole.

use std::ops::{Deref, Range};
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::plaintext::Plaintext;

/// A text whose memory is cleared when nobody has it any more.
///
/// Those of a session that a store returned are parts of what was opened, so that none of them is copied.
#[derive(Clone)]
pub(crate) enum Text {
    Own(Zeroizing<Box<str>>),
    Part { whole: Arc<Whole>, start: u32, end: u32 },
}

/// What there are parts of.
pub(crate) struct Whole(String);

impl Whole {
    /// `None` if it is no text.
    pub(crate) fn new(plaintext: Plaintext) -> Option<Arc<Self>> {
        match String::from_utf8(plaintext.into_bytes()) {
            Ok(text) => Some(Arc::new(Self(text))),
            Err(error) => {
                drop(Plaintext::from(error.into_bytes()));
                None
            }
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The part at `range`. Nothing that is kept as a text has four gigabytes.
    pub(crate) fn part(self: &Arc<Self>, range: Range<usize>) -> Text {
        let place = |place| u32::try_from(place).unwrap_or(u32::MAX);
        Text::Part { whole: Arc::clone(self), start: place(range.start), end: place(range.end) }
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        drop(Plaintext::from(std::mem::take(&mut self.0).into_bytes()));
    }
}

/// Without the room behind it, of which every session would pay its part. To give that back may move the text, so what is
/// left behind is cleared.
impl From<String> for Text {
    fn from(text: String) -> Self {
        if text.len() == text.capacity() {
            return Self::Own(Zeroizing::new(text.into()));
        }
        let text = Zeroizing::new(text);
        Self::from(text.as_str())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::Own(Zeroizing::new(text.into()))
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Own(text) => text,
            Self::Part { whole, start, end } => {
                whole.0.get(*start as usize..*end as usize).unwrap_or_default()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_of_the_whole() {
        let whole = Whole::new(Plaintext::from("Zoë".as_bytes().to_vec())).unwrap();
        let part = whole.part(1..4);
        assert_eq!((&*part, whole.as_str()), ("oë", "Zoë"));
        drop(whole);
        assert_eq!(&*part, "oë");
    }

    #[test]
    fn what_is_no_text_is_no_whole() {
        assert!(Whole::new(Plaintext::from(b"a\xff".to_vec())).is_none());
    }

    #[test]
    fn a_text_of_its_own_reads_back() {
        let mut with_room = String::with_capacity(64);
        with_room.push_str("Zoë");
        for text in [Text::from("Zoë"), Text::from(String::from("Zoë")), Text::from(with_room)] {
            assert_eq!(&*text, "Zoë");
            assert_eq!(&*text.clone(), "Zoë");
        }
    }
}
