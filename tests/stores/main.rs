//! Stores outside the process, each on a real server that the tests start.
