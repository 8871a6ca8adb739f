//! The whole product as several processes.
