#![no_main]
taproot_fuzz::target!("timing_toml");
