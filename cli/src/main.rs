//! The `taproot` command.

fn main() {
    std::process::exit(taproot_cli::main(std::env::args_os().collect()));
}
