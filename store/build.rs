//! The migrations are compiled in, from a folder that cargo would not watch by itself.
#![allow(clippy::print_stdout, reason = "cargo reads it")]

fn main() {
    println!("cargo::rerun-if-changed=../migrations");
}
