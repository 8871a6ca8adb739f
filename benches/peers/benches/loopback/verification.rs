//! The one step that no login can do without: the verification of the ID token's RS256 signature.

use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
};
use bench_guard::median;

/// The median time of one, by aws-lc.
pub(crate) fn time() -> Duration {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let message = [7; 1200]; // header and claims, in base64
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &message, &mut signature).unwrap();
    let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key()).unwrap();
    let verify = |_| {
        let start = Instant::now();
        key.verify_sig(&message, &signature).unwrap();
        start.elapsed()
    };
    median(&mut (0..2_000).map(verify).collect::<Vec<_>>())
}
