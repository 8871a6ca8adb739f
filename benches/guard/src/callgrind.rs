//! The program under callgrind, and what callgrind wrote.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use super::Subject;

/// The argument that tells the program that callgrind is watching.
const WATCHED: &str = "--under-callgrind";

const WARM_UP: u32 = 500;
const REQUESTS: u32 = 1_000;

/// What one request costs, the mean of a thousand.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Cost {
    /// Instructions.
    pub instructions: u64,
    /// Calls of the allocator that give memory.
    pub allocations: u64,
}

/// The cost of one request to each of `subjects`, which have all in memory; `None` for the program that callgrind
/// watches, which has nothing more to do.
///
/// # Panics
///
/// If valgrind is not installed or fails.
pub fn count(subjects: &mut [Subject]) -> Option<Vec<Cost>> {
    count_by(subjects, Subject::ask_now)
}

/// The same of whatever `ask` makes so many requests to. It may wait, and what other threads do meanwhile counts.
///
/// # Panics
///
/// As [`count`].
pub fn count_by<S>(subjects: &mut [S], mut ask: impl FnMut(&mut S, u32)) -> Option<Vec<Cost>> {
    if env::args().any(|argument| argument == WATCHED) {
        for subject in subjects {
            ask(subject, WARM_UP);
            begin();
            ask(subject, REQUESTS);
            end();
        }
        return None;
    }
    let directory = tempfile::tempdir().expect("a directory for callgrind's files");
    let out = directory.path().join("out");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--compress-strings=no", "--compress-pos=no"])
        .args(["--zero-before=bench_guard::callgrind::begin*"])
        .args(["--dump-before=bench_guard::callgrind::end*"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(env::current_exe().expect("it has a path"))
        .args(env::args().skip(1))
        .arg(WATCHED)
        .output()
        .expect("valgrind is installed");
    assert!(output.status.success(), "valgrind: {}", String::from_utf8_lossy(&output.stderr));
    let file = |number: usize| format!("{}.{number}", out.display());
    Some((1..=subjects.len()).map(|number| read(Path::new(&file(number)))).collect())
}

// What callgrind sees the names of: it starts to count at the one and writes at the other.

#[inline(never)]
fn begin() {
    black_box("begin"); // not the same as the other, or they become one
}

#[inline(never)]
fn end() {
    black_box("end");
}

/// Sums up one of callgrind's files.
fn read(path: &Path) -> Cost {
    let text = fs::read_to_string(path).expect("callgrind wrote it");
    let (mut instructions, mut allocations) = (0, 0);
    let mut callee = "";
    for line in text.lines() {
        let number = |text: &str| text.trim().split(' ').next().and_then(|it| it.parse().ok());
        // Not its "summary", which has what other threads did before the count began.
        if let Some(total) = line.strip_prefix("totals:") {
            instructions = number(total).unwrap_or(0);
        } else if let Some(name) = line.strip_prefix("cfn=") {
            callee = name;
        } else if let Some(calls) = line.strip_prefix("calls=")
            && matches!(callee, "malloc" | "calloc" | "realloc" | "posix_memalign")
        {
            allocations += number(calls).unwrap_or(0);
        }
    }
    assert!(instructions > 0, "callgrind counted nothing: {}", path.display());
    let requests = u64::from(REQUESTS);
    let each = |total: u64| (total + requests / 2) / requests;
    Cost { instructions: each(instructions), allocations: each(allocations) }
}
