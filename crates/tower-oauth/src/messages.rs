//! What a person is told of each failure: what happened and what to do, nothing from the provider.

use tower_oauth_core::ErrorKind;

/// Title and message for the error page.
pub(crate) fn for_person(kind: ErrorKind) -> (&'static str, &'static str) {
    match kind {
        ErrorKind::Malformed => (
            "This address cannot be read",
            "The sign-in address is incomplete or damaged. Please start again.",
        ),
        ErrorKind::CrossSite => (
            "Please use the buttons on our own pages",
            "The request came from another site or was not made by you, so nothing was done.",
        ),
        ErrorKind::UnknownProvider => (
            "There is no such sign-in",
            "This application does not offer the way to sign in that the address names.",
        ),
        ErrorKind::OriginMismatch => (
            "This is not the application's own address",
            "A sign-in that starts at this address cannot be finished here.",
        ),
        ErrorKind::RedirectLoop => (
            "The sign-in goes round in circles",
            "You signed in several times, and were sent to sign in again each time.",
        ),
        ErrorKind::StateInvalid => (
            "This sign-in has run out",
            "It was finished already, took longer than ten minutes, or was started in another \
             browser. Please start again.",
        ),
        ErrorKind::ProviderDenied => (
            "You were not signed in",
            "The sign-in was cancelled, or access was not granted. Nothing has changed.",
        ),
        ErrorKind::NotAdmitted => (
            "This account is not let in",
            "You signed in, but this application is for other accounts, of an organisation for example. Sign in with \
             one of those.",
        ),
        ErrorKind::IssuerMismatch
        | ErrorKind::NonceMismatch
        | ErrorKind::IdToken
        | ErrorKind::UserInfo
        | ErrorKind::TokenEndpoint
        | ErrorKind::ProviderError
        | ErrorKind::Discovery => (
            "The sign-in could not be verified",
            "The answer of the sign-in service did not pass our checks, so you were not signed in. \
             Please try again; if it keeps happening, tell us.",
        ),
        ErrorKind::NotSignedIn => {
            ("You are not signed in", "Please sign in first, then try again.")
        }
        ErrorKind::StepUp => (
            "This needs a fresh sign-in",
            "The sign-in service did not confirm that you signed in again as this page asks. Please try again.",
        ),
        ErrorKind::UserMismatch => (
            "That was another account",
            "You are signed in with one account and answered with another, so nothing was changed. Sign out first, \
             or choose the same account.",
        ),
        ErrorKind::CodeRejected => (
            "This sign-in has run out",
            "The sign-in service no longer accepts it. Please start again.",
        ),
        ErrorKind::ClientRejected => (
            "Sign-in is not set up correctly",
            "The sign-in service does not accept this application. Please tell us.",
        ),
        ErrorKind::ProviderUnavailable | ErrorKind::ProviderTimeout => (
            "The sign-in service does not answer",
            "It may be down or busy. Please try again in a moment.",
        ),
        ErrorKind::UnknownTenant => (
            "There is nothing here",
            "The address leads to no organisation that this application knows. Please check it.",
        ),
        ErrorKind::AccountRefused => {
            ("You cannot sign in here", "This application does not let this account in.")
        }
        ErrorKind::SessionTooLarge => (
            "Your account does not fit",
            "The sign-in service tells more about you than this application can keep, so you were not \
             signed in. Trying again does not help; please tell us.",
        ),
        _ => (
            "Something is wrong on our side",
            "Please try again in a moment; if it keeps happening, tell us.",
        ),
    }
}
