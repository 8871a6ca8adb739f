//! Requests to several applications in turn, so that what else the machine does hits all of them alike.

use std::time::{Duration, Instant};

use crate::Subject;

/// Requests of one turn: few, so that most turns are not interrupted.
const TURN: u32 = 20;

/// Gives each of `subjects` so many turns, and tells the median time of one request to each.
#[expect(clippy::disallowed_methods, reason = "this is what measures time")]
pub async fn rounds(subjects: &mut [Subject], turns: usize) -> Vec<Duration> {
    let mut times = vec![Vec::with_capacity(turns); subjects.len()];
    for subject in &mut *subjects {
        // Every session once: connections are made, statements prepared, copies taken.
        let sessions = u32::try_from(subject.browsers()).unwrap_or(u32::MAX);
        subject.ask(sessions).await;
    }
    for _ in 0..turns {
        for (subject, times) in subjects.iter_mut().zip(&mut times) {
            let start = Instant::now();
            subject.ask(TURN).await;
            times.push(start.elapsed() / TURN);
        }
    }
    times.into_iter().map(|mut times| median(&mut times)).collect()
}

/// The middle one of `times`, which are sorted on the way.
pub fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
