//! What each page shows.

use std::fmt;

use tower_oauth_core::EndSession;

/// The choice of providers to sign in with.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SignInPage {
    /// The providers, in the order the application registered them.
    pub providers: Vec<ProviderButton>,
}

/// One provider on the sign-in page.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ProviderButton {
    /// The key the application registered the provider under, such as `github`.
    pub key: String,
    /// The provider's name as people know it, such as `GitHub`.
    pub display_name: String,
    /// Where a login with this provider starts. To be followed as a plain link: the login starts
    /// with a `GET` navigation from the application's own origin.
    pub href: String,
    /// The provider's logo as the markup inside an `<svg viewBox="0 0 24 24">`, if the provider
    /// is a preset that has one. It is part of this crate and safe to insert unescaped.
    pub icon: Option<&'static str>,
    /// The colour of what in the icon is `currentColor`, as in `#5865F2`; without one, that of the text around it.
    pub color: Option<&'static str>,
}

impl ProviderButton {
    /// What stands in for a missing icon: the first letter or digit of the name, in upper case.
    pub(crate) fn monogram(&self) -> String {
        let initial = self.display_name.chars().find(|c| c.is_alphanumeric());
        initial.into_iter().flat_map(char::to_uppercase).collect()
    }
}

/// A login that failed, told to the person who tried.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ErrorPage {
    /// The HTTP status the page is sent with.
    pub status: u16,
    /// The stable name of the error, the same as in logs and traces.
    pub code: &'static str,
    /// What happened, as a heading.
    pub title: String,
    /// What it means for the person and what they can do.
    pub message: String,
    /// Identifies this request in the application's logs.
    pub correlation_id: String,
    /// Where to start the login again, if that can help.
    pub retry_href: Option<String>,
    /// The application's start page.
    pub home_href: String,
}

/// A sign-out that goes on at the provider, by a form.
#[derive(Clone)]
#[non_exhaustive]
pub struct SigningOutPage {
    /// Where the form goes, by POST.
    pub action: String,
    /// Names and values of its hidden fields. One is the user's ID token: nothing to show, and nothing to log.
    pub fields: Vec<(String, String)>,
}

impl SigningOutPage {
    pub(crate) fn new(request: &EndSession) -> Self {
        let fields = request.fields().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self { action: request.action().to_owned(), fields: fields.collect() }
    }
}

/// Without the values of the fields.
impl fmt::Debug for SigningOutPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningOutPage").field("action", &self.action).finish_non_exhaustive()
    }
}

/// The confirmation that the session has ended.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SignedOutPage {
    /// Where to sign in again.
    pub sign_in_href: String,
    /// The application's start page.
    pub home_href: String,
}

/// The end of a login in a window of its own.
///
/// The bundled page runs [`SCRIPT`](Self::SCRIPT); a page of the application's own has to as well, under a policy that
/// admits it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SignedInPage {
    /// Where to go on, for a window that nobody opened or that stays open.
    pub continue_href: String,
}

impl SignedInPage {
    /// Tells every page of this origin, and the one that opened the window, that somebody signed in; then closes the
    /// window. The message is `{ type: "tower-oauth:signed-in" }`, on the `BroadcastChannel` named `tower-oauth` and
    /// by `postMessage` to this origin alone.
    pub const SCRIPT: &'static str = include_str!("../../templates/signed_in.js").trim_ascii_end();
}
