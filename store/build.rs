//! The migrations are compiled in, from a folder that cargo would not watch by itself; and which of them a new binary does not wait for.
#![allow(clippy::print_stdout, reason = "cargo reads it")]
#![allow(clippy::disallowed_methods, reason = "cargo says where to write")]

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=../migrations");
    let folder = env::var_os("OUT_DIR").map(PathBuf::from).unwrap_or_default();
    fs::write(folder.join("contracting.rs"), format!("&{:?}", contracting()?))
}

/// The names of those whose first line says that they run after the new binary everywhere.
fn contracting() -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir("../migrations")? {
        let entry = entry?;
        let sql = entry.path().join("up.sql");
        if sql.is_file() && fs::read_to_string(sql)?.starts_with("-- Contracts") {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
