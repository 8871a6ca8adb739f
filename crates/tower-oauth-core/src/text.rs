//! [`Text`]: a part of a text that is cleared as a whole.

use std::ops::{Deref, Range};
use std::sync::Arc;

use crate::plaintext::Plaintext;

/// A text, or a part of one, whose memory is cleared once nobody has a part of it any more.
///
/// All that a stored session consists of is one such text: it is read without a copy of each part.
#[derive(Clone)]
pub(crate) struct Text {
    whole: Arc<Whole>,
    start: u32,
    end: u32,
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
        Text { whole: Arc::clone(self), start: place(range.start), end: place(range.end) }
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        drop(Plaintext::from(std::mem::take(&mut self.0).into_bytes()));
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        let range = 0..text.len();
        Arc::new(Whole(text)).part(range)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        let range = self.start as usize..self.end as usize;
        self.whole.0.get(range).unwrap_or_default()
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
        assert_eq!(&*part.clone(), "oë");
        assert_eq!(&*Text::from("x"), "x");
    }

    #[test]
    fn what_is_no_text_is_no_whole() {
        assert!(Whole::new(Plaintext::from(b"a\xff".to_vec())).is_none());
    }
}
