//! What becomes of an application's own tower-sessions session at a login and at a sign-out.
//!
//! It stays the application's: nothing of ours is in it, so whatever happens to it signs nobody in and nobody out.

use http::Extensions;
use tower_oauth_core::Error;
#[cfg(feature = "tower-sessions")]
use tower_oauth_core::ErrorKind;

/// Runs a block for the request's session of each version: two types with the same methods.
macro_rules! for_each_session {
    ($extensions:expr, |$session:ident| $block:block) => {
        #[cfg(feature = "tower-sessions")]
        if let Some($session) = $extensions.get::<tower_sessions_core::Session>() $block
        #[cfg(feature = "tower-sessions-0-14")]
        if let Some($session) = $extensions.get::<tower_sessions_core_0_14::Session>() $block
        // Nothing looks at them where neither feature is on.
        let _ = $extensions;
    };
}

/// Gives the session a new id and keeps what is in it, so that an id which somebody planted is worth nothing once
/// its user has signed in.
///
/// - It is read first: an id that the store does not know is dropped, and no session is made for it.
/// - It is written at once: the old one is gone from the store by then, and where a layer in between makes the
///   answer an error, tower-sessions would write nothing.
/// - A browser that brought none gets none: it may have one whose cookie is `SameSite=Strict`, and would lose it.
pub(crate) async fn cycle(extensions: &Extensions) -> Result<(), Error> {
    for_each_session!(extensions, |session| {
        if session.id().is_some() {
            session.get_value("").await.map_err(|_| failed("did not get a new id"))?;
        }
        if session.id().is_some() {
            session.cycle_id().await.map_err(|_| failed("did not get a new id"))?;
            session.save().await.map_err(|_| failed("was not saved under its new id"))?;
        }
    });
    Ok(())
}

/// Removes the session and its content. What is written into it later in the same request, such as a message that is
/// shown once, gets a new id: without that it would get the old one.
pub(crate) async fn flush(extensions: &Extensions) -> Result<(), Error> {
    for_each_session!(extensions, |session| {
        if !session.is_empty().await {
            session.flush().await.map_err(|_| failed("was not flushed"))?;
            session.cycle_id().await.map_err(|_| failed("did not get a new id"))?;
        }
    });
    Ok(())
}

/// Without the cause, which can hold what is in the session. tower-sessions has logged it.
#[cfg(feature = "tower-sessions")]
fn failed(what: &'static str) -> Error {
    let reason = format!("the application's own session {what}; tower-sessions logs why");
    Error::new(ErrorKind::StoreUnavailable, reason)
}
