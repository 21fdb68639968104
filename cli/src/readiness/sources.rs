use std::path::{Path, PathBuf};

/// The project's source, where this runs in a checkout.
pub(crate) struct Sources {
    root: PathBuf,
}

impl Sources {
    pub(crate) fn at(root: &Path) -> Option<Self> {
        root.join("tests/tests/it/main.rs").is_file().then(|| Self {
            root: root.to_path_buf(),
        })
    }

    /// Whether there is such a test: `crate::binary module::test`, or `crate module::test` for a crate's own.
    pub(crate) fn has_test(&self, name: &str) -> bool {
        let Some((binary, path)) = name.split_once(' ') else {
            return false;
        };
        let (crate_name, file) = binary.split_once("::").unwrap_or((binary, ""));
        let folder = match file {
            "" => self.root.join(crate_name).join("src"),
            file => self.root.join(crate_name).join("tests").join(file),
        };
        let mut modules: Vec<&str> = path.split("::").collect();
        let Some(function) = modules.pop() else {
            return false;
        };
        // A module `tests` is mostly within the file it tests.
        if modules.last() == Some(&"tests") {
            modules.pop();
        }
        let module: PathBuf = folder.join(modules.iter().collect::<PathBuf>());
        let declared = format!("fn {function}(");
        [
            module.with_extension("rs"),
            module.join("mod.rs"),
            module.join("main.rs"),
            module.join("tests.rs"),
            module.join("lib.rs"),
        ]
        .iter()
        .filter_map(|file| std::fs::read_to_string(file).ok())
        .any(|text| text.contains(&declared))
    }
}
