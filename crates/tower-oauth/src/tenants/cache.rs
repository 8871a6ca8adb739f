//! [`Tenants`]: the resolver, and what it said lately. Bounded, whatever names requests come up with.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;
use tower_oauth_core::{Error, ErrorKind};

use super::{ProviderResolver, Scope, Tenant};
use crate::clients::{Clients, Site};

/// How long an answer is used, and for how much longer while the resolver fails.
const FRESH: Duration = Duration::from_secs(60);
const GRACE: Duration = Duration::from_secs(5 * 60);

/// How long nobody asks again after a failure.
const BACK_OFF: Duration = Duration::from_secs(1);

/// How long it is remembered that there is no such tenant.
const FRESH_UNKNOWN: Duration = Duration::from_secs(10);

/// How long the resolver may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// Most tenants, and most names of none, that are remembered; most questions at a time.
const MAX_KNOWN: usize = 10_000;
const MAX_UNKNOWN: usize = 1_000;
const MAX_QUESTIONS: usize = 64;

/// The tenants of an application.
pub(crate) struct Tenants {
    pub(crate) resolver: Box<dyn ProviderResolver>,
    site: Site,
    known: Mutex<Known>,
    questions: Semaphore,
}

/// All times are monotonic.
#[derive(Default)]
struct Known {
    slots: HashMap<Arc<str>, Arc<Slot>>,
    /// Names of no tenant. Apart from the others, so that a flood of them puts out no tenant.
    unknown: HashSet<Arc<str>>,
    unknown_until: Duration,
}

/// One tenant, or one name that is being asked about.
#[derive(Default)]
struct Slot {
    answer: Mutex<Answer>,
    turn: tokio::sync::Mutex<()>,
}

/// What the resolver said of one name.
#[derive(Default)]
struct Answer {
    clients: Option<Arc<Clients>>,
    is_unknown: bool,
    fresh_until: Duration,
    /// How long `clients` serve while the resolver fails.
    usable_until: Duration,
    failed_until: Duration,
    /// How often it was forgotten: what was asked before that is not fresh.
    forgotten: u64,
}

impl Tenants {
    pub(crate) fn new(resolver: Box<dyn ProviderResolver>, site: Site) -> Self {
        let questions = Semaphore::new(MAX_QUESTIONS);
        Self { resolver, site, known: Mutex::default(), questions }
    }

    /// The clients of the tenant.
    pub(crate) async fn clients(&self, scope: &Scope) -> Result<Arc<Clients>, Error> {
        let now = || self.site.environment.clock.monotonic();
        let Some(slot) = self.slot(scope, now()) else { return Err(no_such_tenant()) };
        if let Some(answer) = lock(&slot.answer).at(now()) {
            return answer;
        }
        let _turn = slot.turn.lock().await;
        // Somebody else may have asked meanwhile.
        let (before, forgotten) = {
            let answer = lock(&slot.answer);
            if let Some(answer) = answer.at(now()) {
                return answer;
            }
            (answer.clients.clone(), answer.forgotten)
        };
        match self.ask(scope, before).await {
            Ok(Some(clients)) => {
                let mut answer = lock(&slot.answer);
                if answer.forgotten == forgotten {
                    answer.fresh_until = now() + FRESH;
                    answer.usable_until = answer.fresh_until + GRACE;
                }
                answer.clients = Some(Arc::clone(&clients));
                Ok(clients)
            }
            Ok(None) => {
                lock(&slot.answer).is_unknown = true;
                lock(&self.known).put_away(&scope.tenant, now());
                Err(no_such_tenant())
            }
            Err(error) => {
                tracing::error!(target: "tower_oauth::config", tenant = &*scope.tenant, code = error.code(), "{}", error.with_causes());
                let mut answer = lock(&slot.answer);
                answer.failed_until = now() + BACK_OFF;
                answer.at(now()).unwrap_or(Err(error))
            }
        }
    }

    /// What is known of the tenant counts no more.
    pub(crate) fn forget(&self, tenant: &str) {
        let mut known = lock(&self.known);
        known.unknown.remove(tenant);
        if let Some(slot) = known.slots.get(tenant) {
            let mut answer = lock(&slot.answer);
            let clients = answer.clients.take();
            // The clients stay for what they know of their providers.
            *answer = Answer { clients, forgotten: answer.forgotten + 1, ..Answer::default() };
        }
    }

    async fn ask(
        &self,
        scope: &Scope,
        before: Option<Arc<Clients>>,
    ) -> Result<Option<Arc<Clients>>, Error> {
        let Ok(_question) = self.questions.try_acquire() else {
            return Err(unavailable("64 questions for tenants are under way"));
        };
        let Tenant { providers, origin } =
            match timeout(DEADLINE, self.resolver.resolve(&scope.tenant)).await {
                Ok(Ok(Some(tenant))) => tenant,
                Ok(Ok(None)) => return Ok(None),
                Ok(Err(error)) => {
                    return Err(unavailable("the provider resolver failed").with_source(error));
                }
                Err(_) => {
                    return Err(unavailable("the provider resolver took more than 5 seconds"));
                }
            };
        let before = before.as_deref();
        Clients::of_tenant(&self.site, scope, providers, origin.as_deref(), before)
            .map(|clients| Some(Arc::new(clients)))
            .map_err(|error| unavailable("the tenant cannot work").with_source(error))
    }

    /// The place of the tenant; `None` if it is known that there is none.
    fn slot(&self, scope: &Scope, now: Duration) -> Option<Arc<Slot>> {
        if !scope.is_plausible() {
            return None;
        }
        let mut known = lock(&self.known);
        if let Some(slot) = known.slots.get(&scope.tenant) {
            return Some(Arc::clone(slot));
        }
        if now < known.unknown_until && known.unknown.contains(&scope.tenant) {
            return None;
        }
        known.make_room(now);
        let slot = Arc::<Slot>::default();
        known.slots.insert(Arc::clone(&scope.tenant), Arc::clone(&slot));
        Some(slot)
    }
}

impl Known {
    /// From a name that is asked about to one of no tenant.
    fn put_away(&mut self, tenant: &Arc<str>, now: Duration) {
        self.slots.remove(tenant);
        if now >= self.unknown_until || self.unknown.len() >= MAX_UNKNOWN {
            self.unknown.clear();
            self.unknown_until = now + FRESH_UNKNOWN;
        }
        self.unknown.insert(Arc::clone(tenant));
    }

    /// Room for one more. What is swept first are names that nobody has an answer for, so that each sweep frees as many
    /// places as it looks at, and only tenants put out tenants.
    fn make_room(&mut self, now: Duration) {
        if self.slots.len() < 2 * MAX_KNOWN {
            return;
        }
        self.slots.retain(|_, slot| {
            Arc::strong_count(slot) > 1 || {
                let answer = lock(&slot.answer);
                answer.clients.is_some() && now < answer.usable_until
            }
        });
        if self.slots.len() > MAX_KNOWN {
            let mut ends: Vec<_> =
                self.slots.values().map(|slot| lock(&slot.answer).usable_until).collect();
            let middle = ends.len() / 2;
            let (_, middle, _) = ends.select_nth_unstable(middle);
            let middle = *middle;
            self.slots.retain(|_, slot| lock(&slot.answer).usable_until > middle);
        }
    }
}

impl Answer {
    /// The answer now, unless the resolver has to be asked.
    fn at(&self, now: Duration) -> Option<Result<Arc<Clients>, Error>> {
        if self.is_unknown {
            return Some(Err(no_such_tenant()));
        }
        let clients = self.clients.as_ref().map(Arc::clone);
        match clients {
            Some(clients) if now < self.fresh_until => Some(Ok(clients)),
            _ if now >= self.failed_until => None,
            Some(clients) if now < self.usable_until => Some(Ok(clients)),
            _ => Some(Err(unavailable("the provider resolver failed a moment ago"))),
        }
    }
}

fn no_such_tenant() -> Error {
    Error::new(ErrorKind::UnknownTenant, "there is no tenant of this name")
}

fn unavailable(reason: &'static str) -> Error {
    Error::new(ErrorKind::ProvidersUnavailable, reason).with_retry_after(Some(BACK_OFF))
}

// Nothing can panic while it holds one of the locks half way.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenants")
            .field("known", &lock(&self.known).slots.len())
            .finish_non_exhaustive()
    }
}
