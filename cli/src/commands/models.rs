use crate::models::{Listed, Pulled, Verified, list, pull, verify};
use crate::outcome::Outcome;
use crate::render::{print, print_json};
use clap::Subcommand;
use config::Settings;

/// The models of this installation's settings, as this machine sees them: it reads the files and the environment that a worker would.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// The catalogue: what knowledge bases can be made with, and why not with the rest
    List {
        #[arg(long)]
        json: bool,
    },
    /// Fetch the files of local models that the catalogue says where to find, and check them; what is there already, is kept
    Pull {
        /// Names of the catalogue; all with files by default
        models: Vec<String>,
        #[arg(long)]
        json: bool,
    },
    /// See whether embedding models and rerankers work: files, weights, vectors and order of local ones; with --call, one short call of each that a provider computes
    Verify {
        /// Names of embedding models and rerankers; all that are available by default
        models: Vec<String>,
        /// Also call providers that have a key, which costs a few tokens or a search
        #[arg(long)]
        call: bool,
        #[arg(long)]
        json: bool,
    },
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let settings = Settings::load()?;
    match args.action {
        Action::List { json } => {
            let listed = list(&settings);
            if json {
                print_json(&listed)?;
            } else {
                print(&Listed::table(&listed))?;
            }
            Ok(Outcome::Done)
        }
        Action::Pull { models, json } => {
            let pulled = pull(&settings, &models).await?;
            if json {
                print_json(&pulled)?;
            } else {
                print(&Pulled::table(&pulled))?;
            }
            Ok(Outcome::done_if(pulled.iter().all(Pulled::is_there)))
        }
        Action::Verify { models, call, json } => {
            let verified = verify(&settings, &models, call).await?;
            if json {
                print_json(&verified)?;
            } else {
                print(&Verified::table(&verified))?;
            }
            Ok(Outcome::done_if(
                verified.iter().all(|one| one.trial.works != Some(false)),
            ))
        }
    }
}
