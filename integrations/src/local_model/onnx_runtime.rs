use crate::IntegrationError;
use ort::environment::Environment;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A process loads one ONNX runtime and keeps it.
static LOADED: Mutex<Option<(PathBuf, Environment)>> = Mutex::new(None);

/// Loads `libonnxruntime.so` (1.24 or later) on the first call and gives the same environment ever after.
///
/// Without this, `ort` looks the library up by itself at first use and panics where it finds none.
pub(crate) fn environment(library: &Path) -> Result<Environment, IntegrationError> {
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((path, environment)) = loaded.as_ref() {
        if path != library {
            tracing::warn!(wanted = %library.display(), loaded = %path.display(), "an ONNX runtime is loaded already; it stays");
        }
        return Ok(environment.clone());
    }
    let absolute = std::path::absolute(library).map_err(|error| not_configured(library, &error.to_string()))?;
    if !absolute.is_file() {
        return Err(not_configured(library, "there is no such file"));
    }
    let environment = ort::init_from(&absolute)
        .map_err(|error| not_configured(library, &error.to_string()))?
        .with_telemetry(false)
        .build()
        .map_err(|error| not_configured(library, &error.to_string()))?;
    *loaded = Some((library.to_path_buf(), environment.clone()));
    Ok(environment)
}

/// Whether there is a file of this name.
pub(crate) fn check_file(library: &Path) -> Result<(), IntegrationError> {
    match library.is_file() {
        true => Ok(()),
        false => Err(not_configured(library, "there is no such file")),
    }
}

fn not_configured(library: &Path, problem: &str) -> IntegrationError {
    IntegrationError::NotConfigured {
        system: "ONNX runtime".into(),
        what_to_do: format!(
            "set models.onnxruntime to libonnxruntime.so, version 1.24 or later (`./dev tools` fetches one); {}: {problem}",
            library.display()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_is_missing_or_none_is_an_error_and_not_a_panic() {
        let missing = environment(Path::new("/nonexistent/libonnxruntime.so")).unwrap_err();
        assert!(missing.to_string().contains("no such file"), "{missing}");
        let text = std::env::temp_dir().join(format!("not-a-library-{}.so", std::process::id()));
        std::fs::write(&text, "not a library").unwrap();
        let result = environment(&text);
        std::fs::remove_file(&text).unwrap();
        assert!(matches!(result, Err(IntegrationError::NotConfigured { .. })));
    }
}
