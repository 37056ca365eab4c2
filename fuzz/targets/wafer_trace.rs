#![no_main]
taproot_fuzz::target!("wafer_trace");
