#![no_main]
taproot_fuzz::target!("synaptic_matrix");
