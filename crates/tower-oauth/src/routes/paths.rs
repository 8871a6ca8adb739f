//! The paths of the login routes: which one a request asks for, and how to write one.

use tower_oauth_core::ReturnTo;

use crate::events::EventKind;

/// The parameter of a sealed login request.
pub(super) const LOGIN_REQUEST: &str = "login_request";

/// The parameter that says: this window was opened for the login, and closes when it is done.
pub(super) const POPUP: &str = "popup";

/// Where the login routes are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Routes<'a> {
    /// The base URL's own path: empty, or `/app`.
    pub(crate) base_path: &'a str,
    /// Below it: empty, or that of the tenant, `/t/acme`.
    pub(crate) tenant_path: &'a str,
    /// Below it: `/auth`.
    pub(crate) mount: &'a str,
}

/// A login route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    SignIn,
    Login(String),
    Callback(String),
    Connect(String),
    Disconnect(String),
    Logout,
    LoggedOut,
    Session,
    SignedIn,
    InitiateLogin,
    BackchannelLogout(String),
    FrontchannelLogout(String),
}

impl Route {
    /// The name in spans. It stays.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Login(_) => "login",
            Self::Callback(_) => "callback",
            Self::Connect(_) => "connect",
            Self::Disconnect(_) => "disconnect",
            Self::Logout => "logout",
            Self::LoggedOut => "logged_out",
            Self::Session => "session",
            Self::SignedIn => "signed_in",
            Self::InitiateLogin => "initiate_login",
            Self::BackchannelLogout(_) => "backchannel_logout",
            Self::FrontchannelLogout(_) => "frontchannel_logout",
        }
    }

    /// The provider that the path names, whether there is one of that name or not.
    pub(super) fn provider(&self) -> Option<&str> {
        match self {
            Self::Login(key)
            | Self::Callback(key)
            | Self::Connect(key)
            | Self::Disconnect(key)
            | Self::BackchannelLogout(key)
            | Self::FrontchannelLogout(key) => Some(key),
            Self::SignIn
            | Self::Logout
            | Self::LoggedOut
            | Self::Session
            | Self::SignedIn
            | Self::InitiateLogin => None,
        }
    }

    /// What it is called when an answer of the route is an error.
    pub(super) const fn failure(&self) -> Option<EventKind> {
        match self {
            Self::SignIn
            | Self::Login(_)
            | Self::Callback(_)
            | Self::Connect(_)
            | Self::InitiateLogin => Some(EventKind::LoginFailed),
            Self::Logout | Self::FrontchannelLogout(_) => Some(EventKind::LogoutFailed),
            // The provider's server is told in another way.
            Self::BackchannelLogout(_)
            | Self::Disconnect(_)
            | Self::LoggedOut
            | Self::Session
            | Self::SignedIn => None,
        }
    }
}

impl Routes<'_> {
    /// The login route at `path`. The base path may be there or be cut off already, by a proxy or by the
    /// router that the layer sits in.
    pub(crate) fn find(&self, path: &str) -> Option<Route> {
        let found = self.find_below_base(path);
        if found.is_some() || self.base_path.is_empty() {
            return found;
        }
        self.find_below_base(below(path, self.base_path)?)
    }

    /// `path` with the base path, whether it was cut off or not.
    pub(crate) fn with_base(&self, path: &str) -> String {
        match below(path.split('?').next().unwrap_or(path), self.base_path) {
            Some(_) => path.to_owned(),
            None => format!("{}{path}", self.base_path),
        }
    }

    fn find_below_base(&self, path: &str) -> Option<Route> {
        let path = below(path, self.tenant_path)?;
        let rest = path.strip_prefix(self.mount)?.strip_prefix('/')?;
        match rest {
            "login" => Some(Route::SignIn),
            "logout" => Some(Route::Logout),
            "logged-out" => Some(Route::LoggedOut),
            "session" => Some(Route::Session),
            "signed-in" => Some(Route::SignedIn),
            "initiate-login" => Some(Route::InitiateLogin),
            _ => match rest.split_once('/')? {
                ("login", provider) => Some(Route::Login(provider.to_owned())),
                ("callback", provider) => Some(Route::Callback(provider.to_owned())),
                ("connect", provider) => Some(Route::Connect(provider.to_owned())),
                ("disconnect", provider) => Some(Route::Disconnect(provider.to_owned())),
                ("backchannel-logout", provider) => {
                    Some(Route::BackchannelLogout(provider.to_owned()))
                }
                ("frontchannel-logout", provider) => {
                    Some(Route::FrontchannelLogout(provider.to_owned()))
                }
                _ => None,
            },
        }
    }

    /// The path that all login routes are below.
    pub(crate) fn root(&self) -> String {
        format!("{}{}{}", self.base_path, self.tenant_path, self.mount)
    }

    /// The start page. That of a tenant is its path as it is, which is where a nested router has its own `/`.
    pub(crate) fn home(&self) -> String {
        match self.tenant_path {
            "" => format!("{}/", self.base_path),
            tenant => format!("{}{tenant}", self.base_path),
        }
    }

    pub(crate) fn login(&self, return_to: Option<&ReturnTo>) -> String {
        with_return_to(format!("{}/login", self.root()), return_to)
    }

    pub(crate) fn login_at(
        &self,
        provider: &str,
        return_to: Option<&ReturnTo>,
        popup: bool,
    ) -> String {
        let path = with_return_to(format!("{}/login/{provider}", self.root()), return_to);
        match (popup, path.contains('?')) {
            (false, _) => path,
            (true, true) => format!("{path}&{POPUP}=1"),
            (true, false) => format!("{path}?{POPUP}=1"),
        }
    }

    /// The start of a login at `provider` for a sealed request.
    pub(crate) fn login_for(&self, provider: &str, sealed: &str) -> String {
        format!("{}/login/{provider}?{LOGIN_REQUEST}={sealed}", self.root())
    }

    pub(crate) fn callback(&self, provider: &str) -> String {
        format!("{}/callback/{provider}", self.root())
    }

    pub(crate) fn logout(&self) -> String {
        format!("{}/logout", self.root())
    }

    /// Where a login in a window of its own ends.
    pub(crate) fn signed_in(&self, return_to: &ReturnTo) -> String {
        with_return_to(format!("{}/signed-in", self.root()), Some(return_to))
    }

    pub(crate) fn initiate_login(&self) -> String {
        format!("{}/initiate-login", self.root())
    }

    pub(crate) fn backchannel_logout(&self, provider: &str) -> String {
        format!("{}/backchannel-logout/{provider}", self.root())
    }

    pub(crate) fn frontchannel_logout(&self, provider: &str) -> String {
        format!("{}/frontchannel-logout/{provider}", self.root())
    }

    pub(crate) fn logged_out(&self) -> String {
        format!("{}/logged-out", self.root())
    }
}

/// What follows `base` in `path`, if `base` is whole segments of it.
fn below<'a>(path: &'a str, base: &str) -> Option<&'a str> {
    path.strip_prefix(base).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn with_return_to(path: String, return_to: Option<&ReturnTo>) -> String {
    match return_to {
        None => path,
        Some(target) => {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("return_to", target.as_str())
                .finish();
            format!("{path}?{query}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_found_with_and_without_the_base_path() {
        let routes = Routes { base_path: "/app", tenant_path: "", mount: "/auth" };
        for path in ["/app/auth/login", "/auth/login"] {
            assert_eq!(routes.find(path), Some(Route::SignIn), "{path}");
        }
        assert_eq!(routes.find("/auth/login/github"), Some(Route::Login("github".into())));
        assert_eq!(routes.find("/auth/callback/a"), Some(Route::Callback("a".into())));
        for path in
            ["/", "/auth", "/authx/login", "/auth/", "/auth/loginx", "/auth/account", "/app"]
        {
            assert_eq!(routes.find(path), None, "{path}");
        }
    }

    #[test]
    fn routes_of_a_tenant_are_below_its_path() {
        let routes = Routes { base_path: "/app", tenant_path: "/t/a", mount: "/auth" };
        for path in ["/app/t/a/auth/login", "/t/a/auth/login"] {
            assert_eq!(routes.find(path), Some(Route::SignIn), "{path}");
        }
        for path in ["/app/auth/login", "/auth/login", "/t/ab/auth/login", "/t/auth/login"] {
            assert_eq!(routes.find(path), None, "{path}");
        }
        assert_eq!(routes.callback("op"), "/app/t/a/auth/callback/op");
        assert_eq!(routes.home(), "/app/t/a");
    }

    #[test]
    fn h10_a_base_path_is_whole_segments() {
        let routes = Routes { base_path: "/a", tenant_path: "", mount: "/auth" };
        assert_eq!(routes.find("/auth/login"), Some(Route::SignIn));
        assert_eq!(routes.find("/a/auth/login"), Some(Route::SignIn));
        let routes = Routes { base_path: "/auth", tenant_path: "", mount: "/auth" };
        assert_eq!(routes.find("/auth/login"), Some(Route::SignIn));
        assert_eq!(routes.find("/auth/auth/login"), Some(Route::SignIn));
        let routes = Routes { base_path: "/app", tenant_path: "", mount: "/auth" };
        for (path, expected) in [
            ("/app/x?y", "/app/x?y"),
            ("/app", "/app"),
            ("/x?y=/app", "/app/x?y=/app"),
            ("/application", "/app/application"),
        ] {
            assert_eq!(routes.with_base(path), expected);
        }
    }

    #[test]
    fn a_return_target_is_encoded() {
        let routes = Routes { base_path: "", tenant_path: "", mount: "/auth" };
        let target = ReturnTo::parse("/a?b=c&d", "/auth").unwrap();
        assert_eq!(routes.login(Some(&target)), "/auth/login?return_to=%2Fa%3Fb%3Dc%26d");
    }
}
