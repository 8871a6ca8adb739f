//! What the suite found: [`Violation`], and the [`Failure`] of a check that it is made of.

use std::fmt;

use super::Promise;

/// A promise that a store broke.
///
/// `Display` is the whole of it: promise, circumstances, what was expected, what came, what to do.
#[derive(Clone, Debug)]
pub struct Violation {
    promise: Promise,
    failure: Failure,
}

impl Violation {
    pub(super) const fn new(promise: Promise, failure: Failure) -> Self {
        Self { promise, failure }
    }

    /// The promise.
    #[must_use]
    pub const fn promise(&self) -> Promise {
        self.promise
    }

    /// In which circumstances it was broken.
    #[must_use]
    pub fn when(&self) -> &str {
        &self.failure.when
    }

    /// What the contract asks for.
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.failure.expected
    }

    /// What the store did.
    #[must_use]
    pub fn came(&self) -> &str {
        &self.failure.came
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { promise, failure: Failure { when, expected, came } } = self;
        writeln!(f, "{promise:?}: {promise}")?;
        writeln!(f, "    when      {when}")?;
        writeln!(f, "    expected  {expected}")?;
        writeln!(f, "    came      {came}")?;
        write!(f, "    to do     {}", promise.advice())
    }
}

/// Where a check stopped.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    when: String,
    expected: String,
    came: String,
}

/// What a check comes to.
pub(super) type Checked<T = ()> = Result<T, Failure>;

impl Failure {
    pub(super) fn new(
        when: impl Into<String>,
        expected: impl Into<String>,
        came: impl Into<String>,
    ) -> Self {
        Self { when: when.into(), expected: expected.into(), came: came.into() }
    }
}

/// Goes on if `came` is what was `expected` in these circumstances.
#[expect(clippy::needless_pass_by_value, reason = "both are made for this call")]
pub(super) fn same<T: PartialEq + fmt::Debug>(
    when: impl fmt::Display,
    came: T,
    expected: T,
) -> Checked {
    if came == expected {
        return Ok(());
    }
    Err(Failure::new(when.to_string(), format!("{expected:?}"), format!("{came:?}")))
}
