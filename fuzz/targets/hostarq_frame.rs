#![no_main]
taproot_fuzz::target!("hostarq_frame");
