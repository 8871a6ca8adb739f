//! [`Handle`]: what the layer leaves in a request's extensions. Nothing happens until somebody asks.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use http::HeaderMap;
use http::uri::PathAndQuery;
use tower_oauth_core::{Error, LoginRequest, ReturnTo};

use crate::auth::Auth;
use crate::cookie::SessionCookie;
use crate::live_session::LiveSession;

/// The way from a request to its session: loads it at the first question. Two who ask at the same moment both load it; what
/// the first one got is the answer to all.
#[derive(Clone, Debug)]
pub(crate) struct Handle(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    auth: Auth,
    /// As the layer saw it: routers further in may cut it.
    path: Option<PathAndQuery>,
    /// Whether anybody asked.
    asked: AtomicBool,
    session: OnceLock<Answer>,
}

type Answer = Result<Option<LiveSession>, Arc<Error>>;

impl Handle {
    /// `path` is the request's.
    pub(crate) fn new(auth: Auth, path: Option<PathAndQuery>) -> Self {
        let (asked, session) = (AtomicBool::new(false), OnceLock::new());
        Self(Arc::new(Inner { auth, path, asked, session }))
    }

    pub(crate) fn auth(&self) -> &Auth {
        &self.0.auth
    }

    /// The live session of the request with these `headers`.
    ///
    /// # Errors
    ///
    /// When the store failed, which is not the same as "not signed in".
    pub(crate) async fn session(
        &self,
        headers: &HeaderMap,
    ) -> Result<Option<&LiveSession>, Arc<Error>> {
        if let Some(known) = self.0.session.get() {
            return answer(known);
        }
        self.0.asked.store(true, Ordering::Relaxed);
        let cookie = self.0.auth.cookies().session(headers);
        if cookie == SessionCookie::Absent {
            return Ok(None);
        }
        let found = self.0.auth.session_in(cookie).await.map_err(Arc::new);
        answer(self.0.session.get_or_init(|| found))
    }

    /// Whether anybody asked.
    pub(crate) fn was_asked(&self) -> bool {
        self.0.asked.load(Ordering::Relaxed)
    }

    /// The sign-in page, from where the browser comes back to `page`, or else to this request.
    pub(crate) fn login_path(&self, page: Option<&str>) -> String {
        self.0.auth.routes().login(self.return_to(page).as_ref())
    }

    /// Where the browser signs in at `provider` once more, for what `change` asks for, and comes back from: to `page`, or
    /// else to this request. `None`
    /// where there is no randomness to seal it with.
    pub(crate) fn ask_path(
        &self,
        page: Option<&str>,
        provider: &str,
        change: impl FnOnce(&mut LoginRequest),
    ) -> Option<String> {
        let inner = self.0.auth.inner();
        let return_to = self.return_to(page).unwrap_or_else(|| self.0.auth.start_page());
        let mut request = LoginRequest::from(return_to);
        change(&mut request);
        let environment = &inner.environment;
        let (now, random) = (environment.clock.now(), &*environment.random);
        let sealed = request.seal(&inner.keys, &self.0.auth.context(), provider, now, random);
        Some(self.0.auth.routes().login_for(provider, &sealed.ok()?))
    }

    /// The URL `page`, or else this request, as a return target, if it can be one.
    fn return_to(&self, page: Option<&str>) -> Option<ReturnTo> {
        let routes = self.0.auth.routes();
        if let Some(page) = page {
            let path = page.strip_prefix(self.0.auth.inner().base_url.origin())?;
            return ReturnTo::parse(path, &routes.root()).ok();
        }
        let path = self.0.path.as_ref().map_or("/", PathAndQuery::as_str);
        ReturnTo::parse(&routes.with_base(path), &routes.root()).ok()
    }
}

fn answer(answer: &Answer) -> Result<Option<&LiveSession>, Arc<Error>> {
    answer.as_ref().map(Option::as_ref).map_err(Arc::clone)
}
