use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};
use config::Requirement;

pub(super) const CHECK: Check = Check {
    name: "configuration",
    run: |site| Box::pin(check(site)),
};

/// All errors at once, as at start; and what is missing for some of the commands.
async fn check(site: &Site) -> Looked {
    let settings = match &site.settings {
        Ok(settings) => settings,
        Err(errors) => {
            let found = Verdict::new(Health::Problem, "nothing starts with these settings");
            return Ok(found
                .of(&errors.0)
                .advise("correct each of them; config/default.toml says what a setting means"));
        }
    };
    if let Err(errors) = settings.require(&[Requirement::AppDatabase, Requirement::Redis]) {
        let found = Verdict::new(Health::Problem, "no part of the system starts without these settings");
        return Ok(found.of(&errors.0).advise("set them"));
    }
    let of_parts = [Requirement::SystemDatabase, Requirement::SessionSecret];
    if let Err(errors) = settings.require(&of_parts) {
        let found = Verdict::new(Health::Warning, "some parts of the system do not start on this machine");
        return Ok(found.of(&errors.0).advise("set what the parts that run here need"));
    }
    Ok(Verdict::ok("the settings can be read and are complete"))
}
