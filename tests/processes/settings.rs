//! What the demo says to settings that it cannot use.

use std::process::Command;

use crate::fleet::DEMO;

#[test]
fn x08_a_store_that_cannot_be_used_is_named_without_its_password() {
    for (store, start) in [
        ("memcached://shop:hunter2@cache", "AUTH_STORE: is none of memory, cookie, redis://"),
        ("shop:hunter2@cache", "AUTH_STORE: is none of"),
        ("redis://shop:hunter2@127.0.0.1:1", "AUTH_STORE: Redis URL: cannot use 127.0.0.1:1"),
        ("redis://shop:hunter2@127.0.0.1:none", "AUTH_STORE: Redis URL: "),
        ("postgres://shop:hunter2@127.0.0.1:none/shop", "AUTH_STORE: the database URL cannot be"),
        ("cookie", "AUTH_SECRET: is required for sessions in cookies"),
    ] {
        let mut demo = Command::new(DEMO);
        demo.env_clear().env("DEMO_LISTEN", "127.0.0.1:0").env("AUTH_STORE", store);
        let output = demo.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(start), "{store}: {said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}
