#![no_main]
taproot_fuzz::target!("scp_reply");
