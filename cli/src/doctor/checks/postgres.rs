use super::{Check, Looked};
use crate::doctor::{Health, Site, Verdict};
use store::StoreError;

pub(super) const CHECK: Check = Check {
    name: "postgres",
    run: |site| Box::pin(check(site)),
};

/// It answers to both roles, is new enough, and speaks English: some errors have no kind of their own in the client, and are known by their message.
async fn check(site: &Site) -> Looked {
    let settings = site.settings()?;
    if settings.database.url.is_none() {
        site.store()?;
    }
    let store = match site.try_store() {
        Ok(store) => store,
        Err(why) => return Ok(unreachable("DATABASE_URL", why)),
    };
    if settings.database.system_url.is_some()
        && let Err(why) = site.try_system()
    {
        return Ok(unreachable("DATABASE_SYSTEM_URL", why));
    }
    match store::check_server_version(store).await {
        Err(StoreError::Version(why)) => Ok(Verdict::new(Health::Problem, why).advise("upgrade the server")),
        checked => {
            checked?;
            let server = store::inspect::server_state(store).await?;
            if !is_english(&server.messages) {
                let why = format!(
                    "its messages are in {}: a deadlock, or a statement that timed out, is not known to pass by itself",
                    server.messages
                );
                return Ok(Verdict::new(Health::Problem, why)
                    .advise("as a superuser: ALTER DATABASE … SET lc_messages = 'C', then start the processes anew"));
            }
            Ok(Verdict::ok(format!("PostgreSQL {} answers", server.version)))
        }
    }
}

fn unreachable(url: &str, why: &str) -> Verdict {
    Verdict::new(Health::Problem, format!("no connection by {url}: {why}"))
        .advise("start PostgreSQL, or correct the URL; jobs that were accepted are safe")
}

fn is_english(locale: &str) -> bool {
    let language = locale.split(['_', '.', '@', '-']).next().unwrap_or_default();
    matches!(language, "" | "C" | "POSIX")
        || language.eq_ignore_ascii_case("en")
        || language.eq_ignore_ascii_case("english")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_locales_with_other_messages_are_told() {
        for english in [
            "",
            "C",
            "C.UTF-8",
            "POSIX",
            "en_US.UTF-8",
            "en-GB",
            "English_United States.1252",
        ] {
            assert!(is_english(english), "{english}");
        }
        for other in ["de_DE.UTF-8", "pt_BR", "ja_JP.utf8"] {
            assert!(!is_english(other), "{other}");
        }
    }
}
