#![no_main]
taproot_fuzz::target!("version_reply");
