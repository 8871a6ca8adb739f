//! The settings of signing out: at the provider, by the provider, and what browsers keep.

use tower_oauth_core::{BaseUrl, ConfigError, Provider};

use super::AuthBuilder;
use crate::routes::Routes;

/// What a sign-out does besides ending the session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogoutSettings {
    pub(crate) at_provider: bool,
    pub(crate) backchannel: bool,
    pub(crate) frontchannel: bool,
    pub(crate) clear_cache: bool,
    pub(crate) no_store: bool,
}

impl Default for LogoutSettings {
    fn default() -> Self {
        Self {
            at_provider: true,
            backchannel: false,
            frontchannel: false,
            clear_cache: false,
            no_store: false,
        }
    }
}

impl AuthBuilder {
    /// Whether a sign-out goes on to the provider and ends the session there
    /// ([OpenID Connect RP-Initiated Logout](https://openid.net/specs/openid-connect-rpinitiated-1_0.html)), where the
    /// provider has an endpoint for that. Otherwise the next "Sign in" may need no password.
    ///
    /// The application's session has ended before the browser is sent there. A form or a link that says `local=true`
    /// ends that alone. Register `{mount}/logged-out` at the provider as a post-logout redirect URI; it is written to
    /// the log at start.
    ///
    /// A page of the application whose `Content-Security-Policy` has `form-action` must name the provider's origin
    /// there: Chromium holds the redirect that answers a form against it.
    pub fn logout_at_provider(mut self, yes: bool) -> Self {
        self.logout.at_provider = yes;
        self
    }

    /// Whether providers may say that somebody signed out there, from server to server
    /// ([OpenID Connect Back-Channel Logout](https://openid.net/specs/openid-connect-backchannel-1_0.html)), at
    /// `{mount}/backchannel-logout/{provider}`. Register that address at the provider; it is written to the log at
    /// start.
    ///
    /// Ends the sessions that the logout token is about, on every replica, whatever their browsers do. It takes a
    /// store that finds sessions by their names at the provider, as all that come with this project do but that of
    /// tower-sessions; with [`cookie_sessions`](Self::cookie_sessions) it takes
    /// [`revoked_sessions`](Self::revoked_sessions), and one more load for each request that asks for the user. A
    /// login costs two more loads.
    pub fn backchannel_logout(mut self, yes: bool) -> Self {
        self.logout.backchannel = yes;
        self
    }

    /// Whether providers may say the same in a frame of their own page
    /// ([OpenID Connect Front-Channel Logout](https://openid.net/specs/openid-connect-frontchannel-1_0.html)), at
    /// `{mount}/frontchannel-logout/{provider}`.
    ///
    /// It works where the browser sends the session cookie into that frame: where provider and application are one
    /// site, as `id.example.com` and `app.example.com` are. Elsewhere it does nothing, so take
    /// [`backchannel_logout`](Self::backchannel_logout) if the provider has it.
    pub fn frontchannel_logout(mut self, yes: bool) -> Self {
        self.logout.frontchannel = yes;
        self
    }

    /// Whether a sign-out tells the browser to drop what it cached of this site
    /// ([`Clear-Site-Data: "cache"`](https://www.w3.org/TR/clear-site-data/)). With a large cache that takes a browser
    /// seconds. The page that had the sign-out button may still be behind the back button: a browser keeps it only when
    /// it leaves it, so it takes [`no_store`](Self::no_store) too.
    pub fn clear_cache_at_logout(mut self, yes: bool) -> Self {
        self.logout.clear_cache = yes;
        self
    }

    /// Whether a response that depended on the user is not kept by the browser at all (`Cache-Control: no-store`), so
    /// that the back button shows nothing after a sign-out. By default it is `private, no-cache`: kept, and asked for
    /// anew, but for the back button. A response that has a `Cache-Control` of its own keeps it.
    pub fn no_store(mut self, yes: bool) -> Self {
        self.logout.no_store = yes;
        self
    }

    pub(super) fn check_logout(&self) -> Result<(), ConfigError> {
        if self.logout.backchannel && self.in_cookies && self.revoked_sessions.is_none() {
            let problem = "cannot end sessions in cookies without `revoked_sessions`";
            return Err(ConfigError::new("backchannel_logout", problem));
        }
        Ok(())
    }
}

impl LogoutSettings {
    /// One event for each provider that has something to be registered.
    pub(super) fn announce(self, provider: &Provider, base_url: &BaseUrl, routes: Routes<'_>) {
        if !provider.speaks_openid_connect() {
            return;
        }
        let key = provider.login_key();
        let address =
            |is_on: bool, path: String| is_on.then(|| base_url.origin().to_owned() + &path);
        let logged_out = address(self.at_provider, routes.logged_out());
        let backchannel = address(self.backchannel, routes.backchannel_logout(key));
        let frontchannel = address(self.frontchannel, routes.frontchannel_logout(key));
        if logged_out.is_some() || backchannel.is_some() || frontchannel.is_some() {
            tracing::info!(
                target: "tower_oauth::config",
                provider = key,
                post_logout_redirect_uri = logged_out,
                backchannel_logout_uri = backchannel,
                frontchannel_logout_uri = frontchannel,
                "register these too, where the provider offers it"
            );
        }
    }
}
