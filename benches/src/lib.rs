//! Nothing: the benchmark is in `stores/`.
