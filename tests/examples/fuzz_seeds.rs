//! Writes the seeds of every fuzz target into a directory, one subdirectory per target, and prints the targets' names.

#![allow(clippy::print_stdout, reason = "a program that prints")]

use std::{error::Error, fs, path::PathBuf};
use taproot_tests::oracles::ORACLES;

fn main() -> Result<(), Box<dyn Error>> {
    let corpus = PathBuf::from(std::env::args_os().nth(1).ok_or("usage: fuzz_seeds DIRECTORY")?);
    for oracle in ORACLES {
        let directory = corpus.join(oracle.name);
        fs::create_dir_all(&directory)?;
        for (number, seed) in (oracle.seeds)().iter().enumerate() {
            fs::write(directory.join(format!("seed-{number}")), seed)?;
        }
        println!("{}", oracle.name);
    }
    Ok(())
}
