mod create;
mod delete;
mod replicas;
mod shown;
mod update;

use clap::Subcommand;
use serde_json::Value;

use self::create::CreateArgs;
use self::shown::{read, text};
use self::update::UpdateArgs;
use super::documents::has_failed;
use crate::client::{ServerArgs, list_all, wait_for_end};
use crate::outcome::Outcome;
use crate::render::{print, print_json};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
    /// Print what the API answers
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Subcommand)]
enum Command {
    /// List the knowledge bases
    List,
    /// Show a knowledge base, and how it is searched
    Show {
        /// The knowledge base, by name or id
        name: String,
    },
    /// Make a knowledge base
    #[command(visible_alias = "add")]
    Create(CreateArgs),
    /// Show where a knowledge base can be searched, and how far each copy of it is
    Replicas {
        /// The knowledge base, by name or id
        name: String,
    },
    /// Change the name of a knowledge base, or how it is searched; what is not given stays
    Update(UpdateArgs),
    /// Delete a knowledge base with all its documents; it is found no more at once
    Delete {
        /// The knowledge base, by name or id
        name: String,
        /// Its name once more: nothing brings it back
        #[arg(long, value_name = "NAME")]
        confirm: String,
        /// Wait until all of it is gone
        #[arg(long)]
        wait: bool,
    },
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let client = args.server.connect()?;
    let (answered, shown) = match &args.command {
        Command::List => {
            let bases: Value = list_all::<Value>(&client, &["knowledge-bases"]).await?.into();
            let shown = text(&bases);
            (bases, shown)
        }
        Command::Show { name } => with_text(read(&client, name).await?.0),
        Command::Create(create) => with_text(create::create(&client, create).await?),
        Command::Update(update) => with_text(update::change(&client, update).await?),
        Command::Replicas { name } => {
            let replicas = replicas::list(&client, name).await?;
            let shown = replicas.iter().map(replicas::line).collect();
            (replicas.into(), shown)
        }
        Command::Delete { name, confirm, wait } => {
            let mut job = delete::delete(&client, name, confirm).await?;
            if *wait {
                job = wait_for_end(&client, job).await?;
            }
            let shown = delete::text(name, &job);
            (job, shown)
        }
    };
    if args.json {
        print_json(&answered)?;
    } else {
        print(&shown)?;
    }
    Ok(Outcome::done_if(!has_failed(&answered)))
}

fn with_text(base: Value) -> (Value, String) {
    let shown = text(&base);
    (base, shown)
}
