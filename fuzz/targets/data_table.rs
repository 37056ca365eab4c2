#![no_main]
taproot_fuzz::target!("data_table");
