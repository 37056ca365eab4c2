#![no_main]
taproot_fuzz::target!("recording_region");
