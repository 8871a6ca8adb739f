//! A record reads back, and whatever is not one does not.

use proptest::prelude::*;

use super::*;
use crate::testing::session;

/// With the value of the first member that has this tag changed, or without that member.
fn changed(encoded: &[u8], tag: u8, value: Option<&[u8]>) -> Plaintext {
    let mut writer = Writer::new(0);
    let mut is_done = false;
    for member in members(encoded) {
        let (found, before) = member.unwrap();
        if found == tag && !is_done {
            is_done = true;
            writer.put_if(tag, value);
        } else {
            writer.put(found, before);
        }
    }
    assert!(is_done, "there is no member {tag}");
    writer.finish()
}

/// One in which nothing is left out.
fn full() -> Session {
    let mut session = session();
    let connection = Arc::make_mut(&mut session.connection);
    connection.identity = Identity::from_text(
        "https://op",
        "alice",
        Some("sid"),
        r#"{"name":"Zoë \u0000"}"#,
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
    connection.login.state_hash = [9; 32];
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
    let read = decode(&encode(&session)).unwrap();
    assert_eq!((read.created, read.expires), (session.created, session.expires));
    assert_eq!((&read.tenant, &read.account), (&session.tenant, &session.account));
    let (read, written) = (&*read.connection, &*session.connection);
    assert_eq!(read.provider, written.provider);
    assert_eq!(read.identity, written.identity);
    assert_eq!(read.login.state_hash, written.login.state_hash);
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
    let read = decode(&encode(&session())).unwrap();
    let Connection { identity, tokens, requested_scopes, nonce, device_id, .. } = &*read.connection;
    assert!(read.tenant.is_none() && read.account.is_none() && read.connected.is_empty());
    assert!(identity.sid().is_none() && nonce.is_none() && device_id.is_none());
    assert!(tokens.expires.is_none() && tokens.refresh_not_before.is_none());
    assert!(tokens.refresh_token.is_none() && tokens.id_token.is_none());
    assert!(tokens.scopes.is_empty() && requested_scopes.is_empty());
}

#[test]
fn there_is_room_for_all_from_the_start() {
    let session = full();
    assert!(encode(&session).len() <= room(&session));
}

#[test]
fn p24_a_record_of_another_format_counts_as_absent() {
    let encoded = encode(&session());
    assert!(decode(&encoded).is_some());
    for format in [&[1_u8][..], &[3], &[], &[2, 0]] {
        assert!(decode(&changed(&encoded, FORMAT.0, Some(format))).is_none(), "{format:?}");
    }
    assert!(decode(&changed(&encoded, FORMAT.0, None)).is_none());
    assert!(decode(br#"{"format":1,"created":0}"#).is_none());
}

#[test]
fn a_member_that_nobody_knows_is_skipped() {
    let encoded = encode(&session());
    for (tag, value) in [(CREATED, &encoded), (PROVIDER, &encoded)] {
        let (_, first) = members(value).flatten().find(|(found, _)| *found == tag).unwrap();
        let mut writer = Writer::new(0);
        for (found, value) in members(&encoded).flatten() {
            writer.put(found, value);
            if found == tag {
                writer.put(250, b"\xff");
                writer.put(15, first);
            }
        }
        assert!(decode(&writer.finish()).is_some(), "after {tag}");
    }
}

#[test]
fn what_is_missing_or_malformed_is_no_session() {
    let encoded = encode(&full());
    for tag in [CREATED, EXPIRES, PROVIDER, ISSUER, SUBJECT, CLAIMS, STATE_HASH, RETURN_TO] {
        assert!(decode(&changed(&encoded, tag, None)).is_none(), "without {tag}");
    }
    for tag in [ACCESS_TOKEN, ACCESS_TOKEN_OBTAINED] {
        assert!(decode(&changed(&encoded, tag, None)).is_none(), "without {tag}");
    }
    for (tag, _) in members(&encoded).flatten().filter(|(tag, _)| *tag != EMAIL_TRUST) {
        assert!(decode(&changed(&encoded, tag, Some(b"\xff"))).is_none(), "malformed {tag}");
    }
    let odd = decode(&changed(&encoded, EMAIL_TRUST, Some(b"\xff"))).unwrap();
    assert_eq!(odd.connection.identity.email_trust(), EmailTrust::Unknown);
}

#[test]
fn a_record_keeps_every_connection_in_its_place() {
    let mut session = session();
    for provider in ["second", "third"] {
        let other = Connection { provider: provider.into(), ..(*session.connection).clone() };
        session = session.with_connection(Arc::new(other));
    }
    let decoded = decode(&encode(&session)).unwrap();
    let keys: Vec<_> = decoded.connections().map(|it| &*it.provider).collect();
    assert_eq!(keys, ["op", "second", "third"]);
    assert_eq!(decoded.connection_to("third").unwrap().identity, session.connection.identity);
}

proptest! {
    #[test]
    fn no_bytes_are_too_odd(bytes in any::<Vec<u8>>(), cut in any::<prop::sample::Index>()) {
        let _ = decode(&bytes);
        let encoded = encode(&full());
        let start = encoded.split_at(cut.index(encoded.len())).0;
        let _ = decode(&[start, &bytes].concat());
    }
}
