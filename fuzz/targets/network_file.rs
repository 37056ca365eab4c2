#![no_main]
taproot_fuzz::target!("network_file");
