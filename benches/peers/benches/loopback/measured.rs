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
    logins: Vec<Duration>,
    requests: Vec<Duration>,
    cpu: Vec<Duration>,
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

    /// The time that one login takes of the application.
    pub(crate) fn login(&mut self) -> f64 {
        micros(&mut self.logins)
    }

    /// The time from one answered request to the next.
    pub(crate) fn request(&mut self) -> f64 {
        micros(&mut self.requests)
    }

    /// What of it the application has a processor.
    pub(crate) fn cpu(&mut self) -> f64 {
        micros(&mut self.cpu)
    }
}

fn micros(times: &mut [Duration]) -> f64 {
    median(times).as_secs_f64() * 1e6
}
