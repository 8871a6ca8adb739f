//! A store whose server cannot be reached: every call is an error.

use super::bench::Bench;
use super::report::{Checked, Failure};

pub(super) async fn fails(bench: &Bench) -> Checked {
    let store = bench.one().store();
    let (key, mark, issuer) = (bench.key(), bench.mark(), bench.issuer());
    let version = tower_oauth_core::session::Version::new(1);
    let expires = bench.now() + super::bench::HOUR;
    refused("create", store.create(&key, bench.record("one")).await)?;
    refused("load", store.load(&key).await)?;
    refused("swap", store.swap(&key, version, bench.record("two")).await)?;
    refused("delete", store.delete(&key).await)?;
    refused("delete_by_sid", store.delete_by_sid(&issuer, "sid").await)?;
    refused("delete_by_subject", store.delete_by_subject(&issuer, "subject").await)?;
    refused("find_by_sid", store.find_by_sid(&issuer, "sid").await)?;
    refused("find_by_subject", store.find_by_subject(&issuer, "subject").await)?;
    refused("mark_once", store.mark_once(&mark, expires).await)
}

fn refused<T: std::fmt::Debug>(
    call: &str,
    answer: Result<T, tower_oauth_core::session::StoreError>,
) -> Checked {
    let came = match answer {
        Ok(answer) => format!("Ok({answer:?})"),
        Err(error) if error.is_already_exists() => "StoreError::already_exists()".into(),
        Err(_) => return Ok(()),
    };
    let when = format!("{call} is called and the store cannot be reached");
    Err(Failure::new(when, "StoreError::failed(…)", came))
}
