//! A whole machine: chips, the links between them, and emulated time.

mod calendar;
mod pool;
pub(crate) mod system;

#[cfg(test)]
mod router_tests;
