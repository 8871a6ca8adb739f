//! Which secrets are refused: those that are too short, follow a pattern, or can be read somewhere.
//!
//! Nothing here can prove that a secret is random. What it must never do is refuse one that is.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Fewest bits that a secret may hold.
const MIN_BITS: usize = 256;

/// Fewest bits that the frequencies of its bytes, and of the steps between them, must show. 32 random bytes show
/// about 155 and 64 random digits of hexadecimal about 245; a repeated phrase shows less than 100.
const MIN_SHOWN_BITS: f64 = 128.0;

/// What people write where a secret belongs, in lower case without punctuation. Seven letters at least: shorter
/// ones turn up in random base64.
const WORDS: [&str; 30] = [
    "0123456789",
    "1234567890",
    "abcdefghij",
    "changeit",
    "changeme",
    "changethis",
    "correcthorse",
    "donotuse",
    "example",
    "insecure",
    "keyboardcat",
    "longrandomstring",
    "mysecret",
    "nobodycanguess",
    "notasecret",
    "notsecret",
    "opensslrand",
    "password",
    "placeholder",
    "qwertyuiop",
    "randomlygenerated",
    "randomsecret",
    "replaceme",
    "replacethis",
    "secrethere",
    "secretkey",
    "stringsecret",
    "supersecret",
    "topsecret",
    "yoursecret",
];

/// Secrets that documentation prints, and that are therefore in use everywhere: of each, a part that is enough to
/// know it by, in lower case without punctuation.
const PUBLISHED: [&str; 6] = [
    // The tutorials of FastAPI and of Flask.
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
    // Tornado's chat; people change the two digits in front.
    "oetzkxqagaydkl5gemgejjfuyh7eqnp2xdtp1o",
    // RFC 7515 appendix A.1.1, RFC 7520 section 3.5.
    "aym1sysppbydfgzld3umj1qzkobwvmkoqqestjqlr",
    "hjtxiz2usn5kbqfbttnwbpdmhkv8fjgonbc6mxccyg",
    // Instructions for oauth2-proxy.
    "dzgfz3zd7lv7lgy97lblcje8p1yake2bjvqzcu6ew",
];

/// What is wrong with `secret`, if anything is.
pub(crate) fn weakness(secret: &[u8]) -> Option<String> {
    let bits = capacity(secret);
    if bits < MIN_BITS {
        return Some(format!(
            "must have at least 32 bytes, which are 43 characters of base64 or 64 of hexadecimal; \
             this has room for {bits} of 256 bits"
        ));
    }
    let decoded = decoded(secret);
    let forms = [Some(secret), decoded.as_deref()];
    let mut forms = forms.into_iter().flatten();
    if forms.clone().any(is_published) {
        return Some("is an example that everybody can read".into());
    }
    forms.any(is_regular).then(|| "is not random".into())
}

/// How many bits `secret` can hold at most, by the alphabet it is written in.
fn capacity(secret: &[u8]) -> usize {
    let text = without_padding(secret);
    let bits_per_byte = if text.iter().all(u8::is_ascii_hexdigit) {
        4
    } else if text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte)) {
        6
    } else if text.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        // 95 characters: 6.57 bits each.
        return secret.len() * 13 / 2;
    } else {
        return secret.len() * 8;
    };
    text.len() * bits_per_byte
}

fn without_padding(secret: &[u8]) -> &[u8] {
    let padding = secret.iter().rev().take_while(|byte| **byte == b'=').count();
    let (text, _) = secret.split_at(secret.len() - padding);
    text
}

/// The bytes that hexadecimal or base64 stands for.
fn decoded(secret: &[u8]) -> Option<Vec<u8>> {
    let text = without_padding(secret);
    if text.iter().all(u8::is_ascii_hexdigit) {
        let digits: Vec<u8> = text
            .iter()
            .filter_map(|digit| char::from(*digit).to_digit(16))
            .filter_map(|digit| u8::try_from(digit).ok())
            .collect();
        let (pairs, _) = digits.as_chunks::<2>();
        return Some(pairs.iter().map(|[high, low]| high << 4 | low).collect());
    }
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    [STANDARD, URL_SAFE]
        .iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, config).decode(text).ok())
}

/// Whether `secret` holds an example, or a word that only a person writes.
fn is_published(secret: &[u8]) -> bool {
    let letters = secret.iter().copied().filter(u8::is_ascii_alphanumeric);
    let letters: String = letters.map(|byte| char::from(byte.to_ascii_lowercase())).collect();
    WORDS.iter().chain(&PUBLISHED).any(|known| letters.contains(known))
}

/// Whether `secret` repeats itself, counts, or makes do with few different bytes.
fn is_regular(secret: &[u8]) -> bool {
    let (period, _) = secret.split_at(period(secret));
    let steps = period.windows(2).filter_map(|pair| match pair {
        [first, second] => Some(second.wrapping_sub(*first)),
        _ => None,
    });
    shown_bits(period.iter().copied()) < MIN_SHOWN_BITS || shown_bits(steps) < MIN_SHOWN_BITS
}

/// The length of the shortest block that `secret` repeats, which may be all of it.
fn period(secret: &[u8]) -> usize {
    let repeats = |len: &usize| {
        let (start, rest) = secret.split_at(*len);
        rest.chunks(*len).all(|chunk| start.starts_with(chunk))
    };
    (1..secret.len()).find(repeats).unwrap_or(secret.len())
}

/// The Shannon entropy of the frequencies, times the number of bytes.
#[expect(clippy::cast_precision_loss, reason = "a secret is short")]
fn shown_bits(bytes: impl Iterator<Item = u8>) -> f64 {
    let mut counts = BTreeMap::new();
    let mut total = 0_usize;
    for byte in bytes {
        *counts.entry(byte).or_insert(0_usize) += 1;
        total += 1;
    }
    counts.values().map(|count| *count as f64 * (total as f64 / *count as f64).log2()).sum()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand;
    use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD};

    use super::*;

    #[expect(clippy::disallowed_methods, reason = "what users draw theirs from")]
    fn random<const LEN: usize>() -> [u8; LEN] {
        let mut bytes = [0; LEN];
        rand::fill(&mut bytes).unwrap();
        bytes
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn problem(secret: impl AsRef<[u8]>) -> String {
        weakness(secret.as_ref()).unwrap_or_default()
    }

    #[test]
    fn k16_no_random_secret_is_refused() {
        for round in 0..10_000 {
            let bytes = random::<32>();
            for secret in [BASE64.encode(bytes), hex(&bytes)] {
                assert_eq!(problem(&secret), "", "{secret}");
            }
            if round % 10 > 0 {
                continue;
            }
            let printable = random::<64>().map(|byte| b' ' + byte % 95);
            let letters = random::<64>().map(|byte| b'a' + byte % 26);
            for secret in [
                &bytes[..],
                URL_SAFE_NO_PAD.encode(bytes).as_bytes(),
                URL_SAFE_NO_PAD.encode(random::<64>()).as_bytes(),
                hex(&bytes).to_uppercase().as_bytes(),
                &printable,
                &letters,
            ] {
                assert_eq!(problem(secret), "", "{}", String::from_utf8_lossy(secret));
            }
        }
    }

    #[test]
    fn k16_fewer_than_256_bits_are_refused_in_any_alphabet() {
        for (secret, bits) in [
            (String::new(), 0),
            (hex(&random::<16>()), 128),
            (hex(&random::<31>()), 248),
            (BASE64.encode(random::<24>()), 192),
            (BASE64.encode(random::<31>()), 252),
            ("550e8400-e29b-41d4-a716-446655440000".into(), 216),
            ("#DustFlight! in 39 letters, not forty..".into(), 253),
        ] {
            let problem = problem(&secret);
            assert!(problem.starts_with("must have at least 32 bytes"), "{secret}: {problem}");
            assert!(problem.ends_with(&format!("room for {bits} of 256 bits")), "{problem}");
        }
    }

    #[test]
    fn k16_patterns_are_refused_in_any_encoding() {
        let counting: Vec<u8> = (0..64).collect();
        let few: Vec<u8> = random::<64>().iter().map(|byte| byte % 3).collect();
        let repeated = random::<12>().repeat(4);
        for weak in [&[0; 64][..], &[0xff; 32], &counting, &few, &repeated] {
            for secret in [
                weak,
                BASE64.encode(weak).as_bytes(),
                URL_SAFE_NO_PAD.encode(weak).as_bytes(),
                hex(weak).as_bytes(),
            ] {
                assert_ne!(problem(secret), "", "{}", String::from_utf8_lossy(secret));
            }
        }
        assert_eq!(problem([0; 64]), "is not random");
        for text in [
            "the same again the same again the same again the same again",
            "ABCDEFGHIJKLMNOPQRSTUVWXYZ=ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        ] {
            assert_ne!(problem(text), "", "{text}");
        }
    }

    #[test]
    fn k16_examples_are_refused_as_written_and_encoded() {
        for example in [
            "changeme-changeme-please-changeme-and-keep-it-long",
            "Change.Me! before you go live, or everybody can sign in",
            "your-secret-key-here-generate-with-openssl-rand-base64-32",
            "a-string-secret-at-least-256-bits-long-change-this-please",
            "complex_password_at_least_32_characters_long",
            "super-secret-jwt-token-with-at-least-32-characters-long",
            "a long, randomly-generated string stored in env",
            "django-insecure-0u2&7x!k4p(0fgq4nd1g7u0d8w8@3x$tz9i1v3m",
            "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
            "192B9BDD22AB9ED4D12E236C78AFCB9A393EC15F71BBF5DC987D54727823BCBF",
            "61oETzKXQAGaYdkL5gEmGeJJFuYh7EQnp2XdTP1o/Vo=",
            "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
            // Of this project's own tests.
            "a secret that nobody can guess: and then some more of it",
            "a secret of a test: 0123456789 abcdef 0123456789",
        ] {
            assert_eq!(problem(example), "is an example that everybody can read", "{example}");
            if example.contains([' ', '-', '_']) {
                assert_ne!(problem(BASE64.encode(example)), "", "{example}");
                assert_ne!(problem(hex(example.as_bytes())), "", "{example}");
            }
        }
    }
}
