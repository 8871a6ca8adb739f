//! What the documentation promises about the code.

use tower_oauth::ErrorKind;
use tower_oauth::extract::RejectionKind;

const ERRORS: &str = include_str!("../../docs/errors.md");
const ARCHITECTURE: &str = include_str!("../../docs/architecture.md");

#[test]
fn every_error_code_has_a_section() {
    let errors = ErrorKind::ALL.iter().map(|kind| kind.code());
    let rejections = RejectionKind::ALL.iter().map(|kind| kind.code());
    let codes: std::collections::BTreeSet<_> = errors.chain(rejections).collect();
    for code in &codes {
        assert!(
            ERRORS.contains(&format!("\n### {code}\n")),
            "docs/errors.md has no section {code}"
        );
    }
    let sections = ERRORS.lines().filter_map(|line| line.strip_prefix("### "));
    for section in sections {
        assert!(
            codes.contains(section),
            "docs/errors.md describes {section}, which does not exist"
        );
    }
}

/// The files of the tour say their hop in their first line.
#[test]
fn the_tour_leads_to_files_that_say_their_hop() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    for (hop, file) in [
        (1, "tower-oauth/src/routes/login.rs"),
        (3, "tower-oauth/src/routes/callback.rs"),
        (4, "tower-oauth-core/src/session/store.rs"),
        (5, "tower-oauth/src/layer/mod.rs"),
        (6, "tower-oauth/src/extract/mod.rs"),
    ] {
        let text = std::fs::read_to_string(root.join(file)).unwrap();
        assert!(text.starts_with(&format!("//! HOP {hop}")), "{file}");
        assert!(ARCHITECTURE.contains(file.trim_end_matches("mod.rs")), "{file}");
    }
}
