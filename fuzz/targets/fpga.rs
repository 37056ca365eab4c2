#![no_main]
taproot_fuzz::target!("fpga");
