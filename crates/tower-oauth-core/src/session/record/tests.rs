//! A record reads back, and whatever is not one does not.

use proptest::prelude::*;

use super::*;
use crate::testing::session;

fn read(encoded: &Plaintext) -> Vec<(u8, &str)> {
    let text = std::str::from_utf8(encoded).unwrap();
    let read =
        members(text).map(|member| member.map(|(tag, range)| (tag, text.get(range).unwrap())));
    read.collect::<Option<_>>().unwrap()
}

/// With the value of the first member that has this tag changed, or without that member.
fn changed(encoded: &Plaintext, tag: u8, value: Option<&str>) -> Plaintext {
    let before = read(encoded);
    let place = before.iter().position(|(found, _)| *found == tag).unwrap();
    written(|put| {
        for (at, (tag, before)) in before.iter().enumerate() {
            put_if(put, *tag, if at == place { value } else { Some(before) });
        }
    })
}

/// One in which nothing is left out.
fn full() -> Session {
    let mut session = session();
    let connection = Arc::make_mut(&mut session.connection);
    connection.identity = Identity::from_text(
        "https://op".into(),
        "alice".into(),
        Some("sid".into()),
        r#"{"name":"Zoë \u0000"}"#.into(),
        EmailTrust::Verified,
    );
    connection.tokens = TokenSet {
        access_token: "access \"token\"".into(),
        obtained: Timestamp::from_unix_seconds(7),
        expires: Some(Timestamp::from_unix_seconds(u64::MAX)),
        refresh_token: Some("refresh".into()),
        refresh_not_before: Some(Timestamp::from_unix_seconds(8)),
        id_token: Some("id".into()),
        scopes: ["a".to_owned(), "b c".to_owned()].into(),
    };
    connection.login.label = "label".into();
    connection.requested_scopes = ["b c".to_owned(), "d".to_owned()].into();
    connection.nonce = Some("nonce".into());
    connection.device_id = Some("a\"b".into());
    session.tenant = Some("acme".into());
    session.account = Some(r#"{"id":"\u0000\"é"}"#.into());
    session
}

#[test]
fn everything_reads_back() {
    let session = full();
    let read = decode(encode(&session)).unwrap();
    assert_eq!((read.created, read.expires), (session.created, session.expires));
    assert_eq!((&read.tenant, &read.account), (&session.tenant, &session.account));
    let (read, written) = (&*read.connection, &*session.connection);
    assert_eq!(read.provider, written.provider);
    assert_eq!(read.identity, written.identity);
    assert_eq!(read.login.label(), written.login.label());
    assert_eq!(read.login.return_to, written.login.return_to);
    assert_eq!((&read.nonce, &read.device_id), (&written.nonce, &written.device_id));
    // Which were asked for matters for those alone that were refused.
    assert_eq!(*read.requested_scopes, ["a", "b c", "d"]);
    let (read, written) = (&read.tokens, &written.tokens);
    assert_eq!((&read.access_token, read.obtained), (&written.access_token, written.obtained));
    assert_eq!((read.expires, &read.scopes), (written.expires, &written.scopes));
    assert_eq!(read.refresh_token, written.refresh_token);
    assert_eq!(read.refresh_not_before, written.refresh_not_before);
    assert_eq!(read.id_token, written.id_token);
}

#[test]
fn what_the_least_session_has_not_stays_absent() {
    let read = decode(encode(&session())).unwrap();
    let Connection { identity, tokens, requested_scopes, nonce, device_id, .. } = &*read.connection;
    assert!(read.tenant.is_none() && read.account.is_none() && read.connected.is_empty());
    assert!(identity.sid().is_none() && nonce.is_none() && device_id.is_none());
    assert!(tokens.expires.is_none() && tokens.refresh_not_before.is_none());
    assert!(tokens.refresh_token.is_none() && tokens.id_token.is_none());
    assert!(tokens.scopes.is_empty() && requested_scopes.is_empty());
}

#[test]
fn p24_a_record_of_another_format_counts_as_absent() {
    let encoded = encode(&session());
    for format in ["\u{1}", "\u{2}", "2", "4", "", "30"] {
        assert!(decode(changed(&encoded, FORMAT.0, Some(format))).is_none(), "{format:?}");
    }
    assert!(decode(changed(&encoded, FORMAT.0, None)).is_none());
    assert!(decode(br#"{"format":1,"created":0}"#.to_vec().into()).is_none());
    assert!(decode(encoded).is_some());
}

#[test]
fn a_member_that_nobody_knows_is_skipped() {
    let encoded = encode(&session());
    for tag in [CREATED, PROVIDER] {
        let more = written(|put| {
            for (found, value) in read(&encoded) {
                put(found, value);
                if found == tag {
                    put(127, "\u{0}");
                    put(15, value);
                }
            }
        });
        assert!(decode(more).is_some(), "after {tag}");
    }
}

#[test]
fn what_is_missing_or_malformed_is_no_session() {
    let encoded = encode(&full());
    for tag in [CREATED, EXPIRES, PROVIDER, ISSUER, SUBJECT, CLAIMS, LOGIN, RETURN_TO] {
        assert!(decode(changed(&encoded, tag, None)).is_none(), "without {tag}");
    }
    for tag in [ACCESS_TOKEN, ACCESS_TOKEN_OBTAINED] {
        assert!(decode(changed(&encoded, tag, None)).is_none(), "without {tag}");
    }
    for tag in [CREATED, EXPIRES, ACCESS_TOKEN_OBTAINED, ACCESS_TOKEN_EXPIRES, REFRESH_NOT_BEFORE] {
        for time in ["", "-1", "1.5", "18446744073709551616"] {
            assert!(decode(changed(&encoded, tag, Some(time))).is_none(), "{tag}: {time:?}");
        }
    }
    // One byte that is no text, anywhere.
    for place in 0..encoded.len() {
        let mut bytes = encoded.to_vec();
        bytes[place] = 0xff;
        assert!(decode(bytes.into()).is_none(), "at {place}");
    }
    let odd = decode(changed(&encoded, EMAIL_TRUST, Some("9"))).unwrap();
    assert_eq!(odd.connection.identity.email_trust(), EmailTrust::Unknown);
}

#[test]
fn a_record_keeps_every_connection_in_its_place() {
    let mut session = session();
    for provider in ["second", "third"] {
        let other = Connection { provider: provider.into(), ..(*session.connection).clone() };
        session = session.with_connection(Arc::new(other));
    }
    let decoded = decode(encode(&session)).unwrap();
    let keys: Vec<_> = decoded.connections().map(|it| &*it.provider).collect();
    assert_eq!(keys, ["op", "second", "third"]);
    assert_eq!(decoded.connection_to("third").unwrap().identity, session.connection.identity);
}

proptest! {
    #[test]
    fn no_bytes_are_too_odd(bytes in any::<Vec<u8>>(), cut in any::<prop::sample::Index>()) {
        let _ = decode(bytes.clone().into());
        let encoded = encode(&full());
        let start = encoded.split_at(cut.index(encoded.len())).0;
        let _ = decode([start, &bytes].concat().into());
    }
}
