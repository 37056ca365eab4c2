//! Glue between libFuzzer and the oracles of `taproot-tests`: see `README.md`.

pub use libfuzzer_sys::fuzz_target;
pub use taproot_tests::oracles::oracle;

/// A fuzz target: whatever bytes the fuzzer invents, the oracle of that name must hold.
#[macro_export]
macro_rules! target {
    ($name:literal) => {
        static ORACLE: std::sync::LazyLock<fn(&[u8]) -> taproot_fuzz::Verdict> =
            std::sync::LazyLock::new(|| taproot_fuzz::oracle($name).check);

        taproot_fuzz::fuzz_target!(|bytes: &[u8]| {
            ORACLE(bytes);
        });
    };
}

pub use taproot_tests::oracles::Verdict;
