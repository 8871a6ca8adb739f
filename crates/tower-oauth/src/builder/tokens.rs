//! The settings of tokens: how long one lasts that a handler gets, and what becomes of it at the sign-out.

use std::time::Duration;

use super::AuthBuilder;

impl AuthBuilder {
    /// How long an [`AccessToken`](crate::AccessToken) lasts at least when a handler gets it, so that it does not
    /// expire on its way. One that lasts shorter is refreshed first; for tokens that the provider makes short, half
    /// their life counts.
    pub fn token_margin(mut self, margin: Duration) -> Self {
        self.token_margin = margin;
        self
    }

    /// Whether a sign-out revokes the refresh token, or an access token that never expires
    /// ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)), where the provider has an endpoint for that. Nobody
    /// waits for it. Switch it off if the provider takes more than the one session's tokens along, such as the user's
    /// consent.
    pub fn revoke_at_logout(mut self, yes: bool) -> Self {
        self.revoke_at_logout = yes;
        self
    }
}
