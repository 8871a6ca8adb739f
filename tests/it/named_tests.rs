//! The threat model and the spec map name tests and files that exist.
//!
//! In the last column of their tables, whatever is in backticks is the full name of a test function; anywhere, what is
//! in backticks and ends in `.rs` is a file below `crates/` or the root.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

const DOCUMENTS: [(&str, &str); 2] = [
    ("threat-model.md", include_str!("../../docs/threat-model.md")),
    ("spec-map.md", include_str!("../../docs/spec-map.md")),
];

#[test]
fn every_test_that_a_document_names_exists() {
    let sources = sources();
    let tests = tests_in(&sources);
    for (file, document) in DOCUMENTS {
        let names = named_tests(document);
        assert!(names.len() > 100, "docs/{file} names only {} tests", names.len());
        let missing: Vec<_> = names.iter().filter(|name| !tests.contains(*name)).collect();
        assert!(missing.is_empty(), "docs/{file} names tests that do not exist: {missing:#?}");
    }
}

#[test]
fn every_file_that_a_document_names_exists() {
    let root = root();
    for (file, document) in DOCUMENTS {
        let paths: Vec<_> = in_backticks(document).filter(|name| name.ends_with(".rs")).collect();
        assert!(paths.len() > 100, "docs/{file} names only {} files", paths.len());
        for path in paths {
            let exists = root.join("crates").join(path).exists() || root.join(path).exists();
            assert!(exists, "docs/{file} names {path}, which does not exist");
        }
    }
}

/// The check can fail: what it reads from a table, and what counts as a test.
#[test]
fn only_tests_count_and_only_the_last_column_names_them() {
    let document = "`prose`\n\
        | case | where | tests |\n\
        |---|---|---|\n\
        | X01 | `some.rs`, `function` | `one`, `another`; for the rest: no test yet |\n\
        | X02 | does not apply | |\n";
    assert_eq!(named_tests(document), ["one", "another"]);
    let source = "#[test]\nfn one() {}\n\
        #[tokio::test(flavor = \"multi_thread\")]\n/// Words.\nasync fn two_tests() {}\n\
        async fn another() {}";
    assert_eq!(tests_in(source), HashSet::from(["one", "two_tests"]));
}

/// What is in backticks in the last column of the tables.
fn named_tests(document: &str) -> Vec<&str> {
    let rows = document.lines().filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'));
    rows.filter_map(|row| row.rsplit('|').next()).flat_map(in_backticks).collect()
}

fn in_backticks(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The functions that are marked as tests.
fn tests_in(source: &str) -> HashSet<&str> {
    let mut tests = HashSet::new();
    let mut is_marked = false;
    for line in source.lines().map(str::trim_start) {
        is_marked |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        if is_marked && let Some((_, signature)) = line.split_once("fn ") {
            tests.extend(signature.split('(').next());
            is_marked = false;
        }
    }
    tests
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Everything that a test can be in: the binaries of this crate, and the other crates.
fn sources() -> String {
    let mut text = String::new();
    for folder in ["it", "interleavings", "logout", "processes", "providers", "stores"] {
        read_into(&mut text, &root().join("tests").join(folder));
    }
    for folder in entries(&root().join("crates")) {
        read_into(&mut text, &folder.join("src"));
    }
    text
}

fn read_into(text: &mut String, folder: &Path) {
    for path in entries(folder) {
        if path.is_dir() {
            read_into(text, &path);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}
