//! Values that must never be printed: one type for each, with one way in and one way out.

use std::fmt;

use aws_lc_rs::{constant_time, digest};

use crate::text::Text;

macro_rules! secrets {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        ///
        /// `Debug` shows the type's name only; there is no `Display` and no `Serialize`. The memory is
        /// cleared on drop, and comparison takes the same time wherever the values differ.
        #[derive(Clone)]
        pub struct $name(Text);

        impl $name {
            /// Takes the value in.
            #[must_use]
            pub fn new(value: impl Into<String>) -> Self {
                Self(value.into().into())
            }

            /// The value itself. Keep it out of logs, errors and URLs.
            #[must_use]
            pub fn secret(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                constant_time::verify_slices_are_equal(self.0.as_bytes(), other.0.as_bytes()).is_ok()
            }
        }

        impl Eq for $name {}

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }

        impl From<Text> for $name {
            fn from(value: Text) -> Self {
                Self(value)
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                Self::new(value)
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                Self::new(value)
            }
        }
    )+

        /// Every secret type, formatted both ways; the test below reads it.
        #[cfg(test)]
        fn formatted(canary: &str) -> Vec<String> {
            vec![$(format!("{:?} {:#?}", $name::new(canary), $name::new(canary))),+]
        }
    };
}

secrets! {
    /// The password of the client at the provider
    /// ([RFC 6749 section 2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).
    ClientSecret,
    /// The one-time code that the browser brings back
    /// ([RFC 6749 section 4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2)).
    AuthorizationCode,
    /// The value that ties an authorization response to the attempt it answers
    /// ([RFC 6749 section 10.12](https://www.rfc-editor.org/rfc/rfc6749#section-10.12)).
    State,
    /// The value that ties an ID token to the attempt it answers (OpenID Connect Core section 3.1.2.1).
    Nonce,
    /// The secret behind the PKCE challenge
    /// ([RFC 7636 section 4.1](https://www.rfc-editor.org/rfc/rfc7636#section-4.1)).
    CodeVerifier,
    /// An access token ([RFC 6749 section 1.4](https://www.rfc-editor.org/rfc/rfc6749#section-1.4)).
    AccessTokenSecret,
    /// A refresh token ([RFC 6749 section 1.5](https://www.rfc-editor.org/rfc/rfc6749#section-1.5)).
    RefreshToken,
    /// An ID token as the provider sent it: three base64url segments, verified when it was received.
    RawIdToken,
}

/// SHA-256 of `bytes`.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g02_debug_shows_no_secret() {
        for text in formatted("canary-4711") {
            assert!(!text.contains("canary"), "{text}");
            assert!(text.contains("(..)"), "{text}");
        }
    }

    #[test]
    fn comparison_is_by_value() {
        assert_eq!(State::new("a"), State::new("a"));
        assert_ne!(State::new("a"), State::new("b"));
        assert_ne!(State::new("a"), State::new("aa"));
    }
}
