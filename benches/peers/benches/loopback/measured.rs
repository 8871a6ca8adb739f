//! An application as it runs, who is signed in there, and what each round measured.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bench_guard::median;
use tower_oauth::HttpClient;
use tower_oauth_test::TestBrowser;

use crate::Variant;
use crate::server::Server;
use crate::wrk;

pub(crate) struct Measured {
    pub(crate) variant: Variant,
    server: Server,
    /// Of each browser that has signed in.
    cookies: Vec<String>,
    /// The time that one login takes of the application.
    pub(crate) logins: Vec<Duration>,
    /// The time from one answered request to the next.
    pub(crate) requests: Vec<Duration>,
    /// What of it the application has a processor.
    pub(crate) cpu: Vec<Duration>,
}

impl Measured {
    pub(crate) fn start(variant: Variant, issuer: &str) -> Self {
        let server = Server::start(&[variant.name, issuer]);
        let (cookies, logins, requests, cpu) = Default::default();
        Self { variant, server, cookies, logins, requests, cpu }
    }

    /// Signs so many browsers in, one after the other.
    pub(crate) async fn sign_in(&mut self, network: &Arc<dyn HttpClient>, browsers: u32) {
        for _ in 0..browsers {
            let mut browser = TestBrowser::over_network(&self.server.address, Arc::clone(network));
            let page = browser.open(self.variant.entry).await;
            let answer = (page.status().as_u16(), &*page.text());
            assert_eq!(answer, (200, "ok"), "{}", self.variant.name);
            let pairs =
                browser.cookies().into_iter().map(|(name, value)| format!("{name}={value}"));
            self.cookies.push(pairs.collect::<Vec<_>>().join("; "));
        }
    }

    /// The same, and what one login took of the application's time.
    pub(crate) async fn measure_logins(&mut self, network: &Arc<dyn HttpClient>, browsers: u32) {
        let before = self.server.cpu();
        self.sign_in(network, browsers).await;
        self.logins.push((self.server.cpu() - before) / browsers);
    }

    /// Lets the browsers ask for `/me`, all that have signed in by now.
    pub(crate) fn measure_requests(&mut self, directory: &Path) {
        let before = self.server.cpu();
        let load = wrk::load(&self.server.address, directory, &self.cookies);
        self.cpu.push((self.server.cpu() - before) / load.requests);
        self.requests.push(Duration::from_secs_f64(1.0 / load.per_second));
    }
}

/// The middle one of `times`, in microseconds.
pub(crate) fn micros(times: &[Duration]) -> f64 {
    median(&mut times.to_vec()).as_secs_f64() * 1e6
}

/// How many times `of` is `to`: the middle of the ratios of each round, in which both met the same machine.
pub(crate) fn ratio(of: &[Duration], to: &[Duration]) -> f64 {
    let rounds = of.iter().zip(to);
    let mut ratios: Vec<_> = rounds.map(|(of, to)| of.as_secs_f64() / to.as_secs_f64()).collect();
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}
