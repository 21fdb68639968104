mod collection;
mod content;
mod delete;
mod list;
mod reingest;
mod show;
mod source;
mod update;
mod update_many;

use clap::Subcommand;

use self::content::ContentArgs;
use self::delete::DeleteArgs;
pub(super) use self::delete::has_failed;
use self::list::ListArgs;
use self::reingest::ReingestArgs;
use self::show::ShowArgs;
use self::update::UpdateArgs;
use self::update_many::UpdateManyArgs;
use crate::outcome::Outcome;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the documents of a knowledge base, the newest first; what is given must hold
    List(ListArgs),
    /// Show a document: what it was found to be, each step from upload to index, and why it failed
    Show(ShowArgs),
    /// Get the bytes of a document as they were submitted: of the version that is served, or else of the newest
    Content(ContentArgs),
    /// Change a document's metadata, access list and collection, or switch it off or on, without ingesting it again; what is not given stays
    Update(UpdateArgs),
    /// Change many documents of a knowledge base, by a job: members of their metadata, who may see them, where they are
    UpdateMany(UpdateManyArgs),
    /// Ingest a document again although nothing of it has changed: what reads or cuts it may have
    Reingest(ReingestArgs),
    /// Delete a document; it is found no more at once
    Delete(DeleteArgs),
}

pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    match args.command {
        Command::List(args) => list::list(args).await,
        Command::Show(args) => show::show(args).await,
        Command::Content(args) => content::content(args).await,
        Command::Update(args) => update::update(args).await,
        Command::UpdateMany(args) => update_many::update_many(args).await,
        Command::Reingest(args) => reingest::reingest(args).await,
        Command::Delete(args) => delete::delete(args).await,
    }
}
