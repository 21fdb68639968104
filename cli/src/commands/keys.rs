use super::key_checks::{KeyKind, check_expiry, check_origins, check_scopes, check_tier};
use crate::outcome::{Advised, Outcome};
use crate::process::load_settings;
use crate::render::{Reader, one_line, print, print_json, print_to_reader};
use anyhow::Context;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use clap::Subcommand;
use config::Requirement;
use rand::TryRngCore;
use rand::rngs::OsRng;
use serde_json::json;
use store::api_keys::{self, ApiKey, NewApiKey};
use store::{ApiKeyId, Owner, tenants};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Make a key; it is printed once and cannot be shown again
    #[command(visible_alias = "add")]
    Create {
        #[arg(long)]
        tenant: String,
        #[arg(long, value_enum, default_value = "secret")]
        kind: KeyKind,
        /// What the key is for
        #[arg(long, default_value = "")]
        name: String,
        /// Comma-separated; for a secret key all (*) by default
        #[arg(long, value_delimiter = ',')]
        scopes: Vec<String>,
        /// Comma-separated origins from which a browser may use a publishable key
        #[arg(long, value_delimiter = ',')]
        origins: Vec<String>,
        /// Let a publishable key be used without an Origin header, by something that is no browser
        #[arg(long)]
        allow_no_origin: bool,
        /// How many requests it may make: a tier of rate_limits in the settings
        #[arg(long, value_name = "TIER")]
        rate_tier: Option<String>,
        /// RFC 3339, e.g. 2027-01-31T00:00:00Z; never by default
        #[arg(long)]
        expires: Option<DateTime<Utc>>,
        #[arg(long)]
        json: bool,
    },
    /// List a tenant's keys
    List {
        #[arg(long)]
        tenant: String,
        #[arg(long)]
        json: bool,
    },
    /// End a key, at once
    Revoke {
        #[arg(long)]
        tenant: String,
        /// The key's id, from `keys list`
        id: uuid::Uuid,
    },
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let settings = load_settings(&[Requirement::OwnerDatabase])?;
    let mut owner = Owner::connect(&settings.database)
        .await
        .context("cannot use DATABASE_OWNER_URL")?;
    match args.action {
        Action::Create {
            tenant,
            kind,
            name,
            scopes,
            origins,
            allow_no_origin,
            rate_tier,
            expires,
            json,
        } => {
            let scopes = check_scopes(kind, scopes)?;
            check_origins(kind, &origins, allow_no_origin)?;
            check_expiry(expires)?;
            check_tier(&settings.rate_limits, rate_tier.as_deref())?;
            let tenant = tenants::find_by_name(&mut owner, &tenant).await?;
            let (kind, secret) = match kind {
                KeyKind::Secret => ("secret", new_secret("vk_sk_")?),
                KeyKind::Publishable => ("publishable", new_secret("vk_pk_")?),
            };
            let new = NewApiKey {
                name: &name,
                kind,
                secret: &secret,
                scopes: &scopes,
                allowed_origins: &origins,
                allow_no_origin,
                rate_tier: rate_tier.as_deref(),
                expires_at: expires,
            };
            let key = api_keys::create(&mut owner, tenant.id, &new).await?;
            let shown = if json {
                let made = json!({ "id": key.id, "tenant_id": tenant.id, "kind": key.kind, "scopes": key.scopes, "key": secret });
                serde_json::to_string_pretty(&made)?
            } else {
                format!(
                    "{secret}\n\nThis is the only time the key is shown. Its id is {}.",
                    key.id
                )
            };
            if print_to_reader(&format!("{shown}\n"))? == Reader::Gone {
                let help = format!(
                    "revoke it (`visualkit keys revoke --tenant {} {}`) and make another",
                    tenant.name, key.id
                );
                return Err(Advised::new("the key was made, and nobody read it", help).into());
            }
        }
        Action::List { tenant, json } => {
            let tenant = tenants::find_by_name(&mut owner, &tenant).await?;
            let keys = api_keys::list(&mut owner, tenant.id).await?;
            if json {
                print_json(&keys)?;
            } else {
                print(&keys.iter().map(line).collect::<String>())?;
            }
        }
        Action::Revoke { tenant, id } => {
            let tenant = tenants::find_by_name(&mut owner, &tenant).await?;
            let key = api_keys::revoke(&mut owner, tenant.id, ApiKeyId(id)).await?;
            print(&format!("revoked  {}", line(&key)))?;
        }
    }
    Ok(Outcome::Done)
}

/// 256 random bits behind a prefix that tells people, and leak scanners, what it is.
fn new_secret(prefix: &str) -> anyhow::Result<String> {
    let mut bytes = [0_u8; 32];
    OsRng
        .try_fill_bytes(&mut bytes)
        .context("the system gives no random bytes")?;
    Ok(format!("{prefix}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)))
}

fn line(key: &ApiKey) -> String {
    let state = if key.revoked_at.is_some() {
        "revoked"
    } else if key.expires_at.is_some_and(|at| at < Utc::now()) {
        "expired"
    } else {
        "live"
    };
    let used = key.last_used_at.map_or_else(
        || "never used".to_owned(),
        |at| format!("last used {}", at.format("%F %R")),
    );
    let tier = key
        .rate_tier
        .as_deref()
        .map_or_else(String::new, |tier| format!("  rate tier {tier}"));
    format!(
        "{}  {:<11}  {state:<7}  {}…  [{}]  {used}{tier}  {}\n",
        key.id,
        key.kind,
        key.hint,
        key.scopes.join(" "),
        one_line(&key.name, 200)
    )
}
