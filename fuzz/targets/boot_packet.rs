#![no_main]
taproot_fuzz::target!("boot_packet");
