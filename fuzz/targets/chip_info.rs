#![no_main]
taproot_fuzz::target!("chip_info");
