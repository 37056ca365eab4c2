#![no_main]
taproot_fuzz::target!("hicann_config");
