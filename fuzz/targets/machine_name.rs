#![no_main]
taproot_fuzz::target!("machine_name");
