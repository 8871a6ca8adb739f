//! A page as it is sent: its markup and the content security policy that fits it.

use http::HeaderValue;

/// The policy of a page that does not set its own.
const DEFAULT_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'",
);

/// A complete HTML document and the `Content-Security-Policy` header to send with it.
///
/// ```
/// use http::HeaderValue;
/// use tower_oauth::pages::Html;
///
/// let page = Html::new("<!DOCTYPE html><title>Sign in</title>…").content_security_policy(
///     HeaderValue::from_static("default-src 'self'; frame-ancestors 'none'"),
/// );
/// assert!(page.body.contains("Sign in"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Html {
    /// The document, sent as `text/html; charset=utf-8`.
    pub body: String,
    /// The value of the `Content-Security-Policy` header.
    pub content_security_policy: HeaderValue,
}

impl Html {
    /// A document under the default policy, which runs no script and loads style sheets and
    /// images from the application's own origin only:
    ///
    /// ```text
    /// default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self';
    /// frame-ancestors 'none'; base-uri 'none'
    /// ```
    ///
    /// The document is sent as it is: what goes into it has to be escaped already.
    ///
    /// Browsers built on Chromium apply `form-action` to redirects as well. A page with a form
    /// whose answer redirects to a provider needs a policy that names the provider's origin there.
    #[must_use]
    pub fn new(body: impl Into<String>) -> Self {
        Self { body: body.into(), content_security_policy: DEFAULT_POLICY }
    }

    /// Sends the document with this policy instead of the default one.
    ///
    /// Keep `frame-ancestors 'none'`: without it another site can frame the page and trick a
    /// person into clicking on it.
    #[must_use]
    pub fn content_security_policy(mut self, policy: HeaderValue) -> Self {
        self.content_security_policy = policy;
        self
    }
}
