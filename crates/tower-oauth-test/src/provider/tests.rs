//! The provider held against its standards, by calling it without a transport.

mod authorization;
mod steering;
mod support;
mod tokens;
