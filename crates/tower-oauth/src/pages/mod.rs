//! The pages a person sees while signing in and out, and how to replace them.
//!
//! The bundled pages are complete HTML documents without scripts or external resources, in light
//! and dark. An application that wants its own implements [`Pages`] and overrides the pages it
//! wants to change:
//!
//! ```
//! use tower_oauth::pages::{Html, Pages, SignedOutPage};
//!
//! #[derive(Debug)]
//! struct Farewell;
//!
//! impl Pages for Farewell {
//!     fn signed_out(&self, page: &SignedOutPage) -> Html {
//!         // A real page escapes what it inserts; a template engine does that.
//!         let home = page.home_href.replace('&', "&amp;").replace('"', "&quot;");
//!         Html::new(format!(
//!             "<!DOCTYPE html><html lang=\"en\"><title>Goodbye</title>\
//!              <h1>Goodbye</h1><a href=\"{home}\">Home</a>"
//!         ))
//!     }
//! }
//! ```

mod bundled;
mod html;
mod model;

#[cfg(test)]
mod tests;

pub use self::html::Html;
pub use self::model::{
    ErrorPage, ProviderButton, SignInPage, SignedInPage, SignedOutPage, SigningOutPage,
};

/// The pages of the login. Each method that is not overridden renders the bundled page.
///
/// A page is rendered while a request waits, so an implementation should not block.
pub trait Pages: std::fmt::Debug + Send + Sync + 'static {
    /// The choice of providers.
    fn sign_in(&self, page: &SignInPage) -> Html {
        bundled::sign_in(page)
    }

    /// A failed login. The title and the message are plain text, to be escaped.
    fn error(&self, page: &ErrorPage) -> Html {
        bundled::error(page)
    }

    /// The end of a login in a window of its own.
    fn signed_in(&self, page: &SignedInPage) -> Html {
        bundled::signed_in(page)
    }

    /// The way to the provider that ends its session too, where the request for that is too long for a URL: a form
    /// that submits itself, and by its button where no script runs. The policy must allow the script, and must not
    /// have a `form-action` that keeps the form from the provider or its answer from coming back.
    fn signing_out(&self, page: &SigningOutPage) -> Html {
        bundled::signing_out(page)
    }

    /// The confirmation of a sign-out.
    fn signed_out(&self, page: &SignedOutPage) -> Html {
        bundled::signed_out(page)
    }
}

/// The bundled pages.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct DefaultPages;

impl Pages for DefaultPages {}
