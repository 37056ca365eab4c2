#![no_main]
taproot_fuzz::target!("recorded_data");
