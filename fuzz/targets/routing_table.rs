#![no_main]
taproot_fuzz::target!("routing_table");
