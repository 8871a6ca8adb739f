//! How a test steers a provider: who approves, which keys sign, what is answered, what was asked.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Answer, Endpoint, FakeProvider, RecordedRequest};
use crate::lock;

impl FakeProvider {
    /// Lets the authorization endpoint answer at once, as if the user with this subject or username had a
    /// session and agreed, even to `prompt=none`. `None`, the default, shows the page.
    ///
    /// # Panics
    ///
    /// If there is no such user.
    pub fn approve_as(&self, user: Option<&str>) {
        let subject = user.map(|name| {
            let known = self.users().iter().find(|it| it.is_called(name));
            known.expect("a user of this provider").subject().to_owned()
        });
        *lock(&self.inner.approving) = subject;
    }

    /// Signs ID tokens with a new key from now on. The old key stays in the JWK set, as a careful
    /// provider leaves it for tokens already issued.
    pub fn rotate_keys(&self) {
        lock(&self.inner.keys).rotate();
    }

    /// Drops all keys but the current one from the JWK set.
    pub fn retire_old_keys(&self) {
        lock(&self.inner.keys).retire_old();
    }

    /// The JWK set as published (RFC 7517 section 5).
    #[must_use]
    pub fn jwks(&self) -> Value {
        lock(&self.inner.keys).jwks()
    }

    /// The JOSE header of this provider's tokens: `alg`, `kid` of the current key, `typ`.
    #[must_use]
    pub fn jose_header(&self) -> Map<String, Value> {
        lock(&self.inner.keys).header()
    }

    /// Any token with a true signature, for the wrong ones that a client must refuse.
    ///
    /// The key is the one that `kid` in `header` names, a retired one included, or else the current one. The
    /// rest of `header`, `alg` too, changes nothing about the signature.
    #[must_use]
    pub fn sign(&self, header: &Map<String, Value>, claims: &Map<String, Value>) -> String {
        lock(&self.inner.keys).sign(header, claims)
    }

    /// Lets `change` alter header and claims of every ID token before it is signed; the latest one counts.
    pub fn modify_id_token(
        &self,
        change: impl Fn(&mut Map<String, Value>, &mut Map<String, Value>) + Send + Sync + 'static,
    ) {
        *lock(&self.inner.id_token_change) = Some(Arc::new(change));
    }

    /// Queues `answer` for the next request to `endpoint` that has none queued before it.
    pub fn answer(&self, endpoint: Endpoint, answer: Answer) {
        lock(&self.inner.answers).push(endpoint, answer);
    }

    /// Gives `answer` to every request to `endpoint` for which none is queued.
    pub fn answer_always(&self, endpoint: Endpoint, answer: Answer) {
        lock(&self.inner.answers).set(endpoint, answer);
    }

    /// Forgets the replaced answers of `endpoint`, queued ones included.
    pub fn answer_normally(&self, endpoint: Endpoint) {
        lock(&self.inner.answers).clear(endpoint);
    }

    /// Every request so far, in order, those that an [`Answer`] refused or never answered included.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.inner.requests).clone()
    }

    /// The [`requests`](Self::requests) to `endpoint`.
    #[must_use]
    pub fn requests_to(&self, endpoint: Endpoint) -> Vec<RecordedRequest> {
        let requests = lock(&self.inner.requests);
        requests.iter().filter(|request| request.endpoint() == endpoint).cloned().collect()
    }

    /// Starts the record anew.
    pub fn clear_requests(&self) {
        lock(&self.inner.requests).clear();
    }
}
