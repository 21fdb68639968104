use config::{Requirement, Settings};
use std::sync::Arc;

/// The settings, with everything the command needs; all that is wrong is reported at once.
pub(crate) fn load_settings(needs: &[Requirement]) -> anyhow::Result<Arc<Settings>> {
    let settings = Settings::load()?;
    settings.require(needs)?;
    Ok(Arc::new(settings))
}
