//! [`Targets`]: what was measured against what it should be, a line each.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::{env, fmt};

/// The variable that names the file to which lines are added: `benches/all` makes one table of those of all programs.
const FILE: &str = "BENCH_TARGETS";

/// Lines of the table of targets. Printed when it is dropped.
#[derive(Debug, Default)]
pub struct Targets(String);

impl Targets {
    /// `what` was measured, and should be at most `target`.
    pub fn at_most(&mut self, what: &str, measured: f64, target: f64) {
        self.line(what, measured, "at most", target, measured <= target);
    }

    /// `what` was measured, and should be at least `target`.
    pub fn at_least(&mut self, what: &str, measured: f64, target: f64) {
        self.line(what, measured, "at least", target, measured >= target);
    }

    fn line(&mut self, what: &str, measured: f64, bound: &str, target: f64, is_met: bool) {
        let verdict = if is_met { "yes" } else { "**no**" };
        let (measured, target) = (Figure(measured), Figure(target));
        self.0.push_str(&format!("| {what} | {measured} | {bound} {target} | {verdict} |\n"));
    }
}

impl Drop for Targets {
    #[expect(clippy::print_stdout, reason = "a program that measures and prints")]
    fn drop(&mut self) {
        println!("\n| target | measured | wanted | met |\n|---|---|---|---|\n{}", self.0);
        if let Some(path) = env::var_os(FILE) {
            let file = OpenOptions::new().create(true).append(true).open(path);
            file.and_then(|mut it| it.write_all(self.0.as_bytes())).expect("a file to write");
        }
    }
}

/// Counts as they are, ratios with two digits.
struct Figure(f64);

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = if self.0.abs() < 100.0 && self.0.fract() != 0.0 { 2 } else { 0 };
        write!(f, "{:.digits$}", self.0)
    }
}
