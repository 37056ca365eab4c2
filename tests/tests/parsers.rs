//! Seeded mutations for every parser of bytes from outside: a short, repeatable run of what `fuzz/` does at length.

use peak_alloc::PeakAlloc;
use std::time::{Duration, Instant};
use taproot_tests::oracles::{Mutations, ORACLES, Oracle, Verdict};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Nothing that fits a small input may take longer, even on a busy host.
const LONGEST: Duration = Duration::from_secs(10);
/// Nor more memory: room for a machine of 255 by 255 chips, but not for a count that was believed.
const LARGEST: usize = 64 << 20;

/// What an oracle says to its seeds and their mutations: how many were accepted, or what went wrong first.
fn try_out(oracle: &Oracle) -> Result<u32, String> {
    let mut accepted = 0;
    let seeds = (oracle.seeds)();
    let inputs = seeds.clone().into_iter();
    for input in inputs.chain(Mutations::new(seeds, 1).take(oracle.tries as usize)) {
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let start = Instant::now();
        let outcome = std::panic::catch_unwind(|| (oracle.check)(&input));
        let (elapsed, memory) = (start.elapsed(), MEMORY.peak_usage().saturating_sub(before));
        match outcome {
            Err(_) => return Err(format!("the property above does not hold for {input:?}")),
            Ok(_) if elapsed > LONGEST => return Err(format!("{elapsed:?} for {input:?}")),
            Ok(_) if memory > LARGEST => return Err(format!("{memory} bytes of memory for {input:?}")),
            Ok(Verdict::Accepted) => accepted += 1,
            Ok(Verdict::Refused) => {}
        }
    }
    Ok(accepted)
}

/// One test, so that nothing else allocates meanwhile.
#[test]
#[expect(
    clippy::print_stderr,
    reason = "which parser takes how long is worth knowing when the test fails"
)]
fn no_bytes_from_outside_break_a_parser_or_make_it_slow_or_large() {
    let mut failures = Vec::new();
    for oracle in ORACLES {
        let begin = Instant::now();
        match try_out(oracle) {
            // A parser that always says the same was not tested.
            Ok(0) => failures.push(format!("{}: nothing was accepted", oracle.name)),
            Ok(accepted) => eprintln!(
                "{}: {accepted} of {} accepted in {:?}",
                oracle.name,
                oracle.tries,
                begin.elapsed()
            ),
            Err(what) => failures.push(format!("{}: {what}", oracle.name)),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
