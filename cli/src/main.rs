//! The `visualkit` binary: one thin file a subcommand under `commands/`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line prints")]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::outcome::Outcome;

mod answer;
mod bench;
mod claims;
mod client;
mod commands;
mod demo;
mod doctor;
mod eval;
mod ingest;
mod job_text;
mod models;
mod outcome;
mod process;
mod readiness;
mod render;
#[cfg(test)]
mod testing;

/// Multi-tenant AI support and company knowledge, built around durable jobs.
#[derive(Parser)]
#[command(name = "visualkit", version, propagate_version = true, after_help = outcome::EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Send files and folders to a knowledge base and wait until they are searchable
    Ingest(commands::ingest::Args),
    /// Hold some of a knowledge base's documents together: to list, search or delete them as one
    Collections(commands::collections::Args),
    /// Read web sites into a knowledge base: make, sync, inspect and delete sources
    Sources(commands::sources::Args),
    /// Make, list, show and delete knowledge bases, and change how they are searched
    KnowledgeBases(commands::knowledge_bases::Args),
    /// Migrate a knowledge base to another embedding model while it is searched
    EmbeddingMigration(commands::embedding_migration::Args),
    /// Search knowledge bases
    Search(commands::search::Args),
    /// Ask a question; the answer is cited and checked sentence by sentence
    Ask(commands::ask::Args),
    /// Check a text against its sources, claim by claim
    Check(commands::check::Args),
    /// Submit, list, inspect, cancel, retry and watch jobs
    Jobs(commands::jobs::Args),
    /// List, show, change, ingest again and delete documents, and follow one from its upload to its chunks
    Documents(commands::documents::Args),
    /// List and show receipts of deletions
    Deletions(commands::deletions::Args),
    /// Make, list, fire and delete schedules
    Schedules(commands::schedules::Args),
    /// Submit, list, show and cancel batches of jobs
    Batches(commands::batches::Args),
    /// Make, try, inspect and delete webhooks, and replay their deliveries
    Webhooks(commands::webhooks::Args),
    /// Measure how good searches are, on a public data set or on test sets; make, fill, run, compare and delete test sets
    Eval(commands::eval::Args),
    /// Gates of knowledge bases: show, set and remove them
    Gates(commands::gates::Args),
    /// Ingest the sample knowledge base, ask about it and check the answers
    Demo(commands::demo::Args),
    /// Run the whole system in this process: the API and every worker pool
    Up(commands::up::Args),
    /// Run the HTTP API
    Serve(commands::serve::Args),
    /// Run worker pools
    Worker(commands::worker::Args),
    /// Bring the database up to date
    Migrate(commands::migrate::Args),
    /// Make and list tenants
    Tenants(commands::tenants::Args),
    /// Make, list and revoke API keys
    Keys(commands::keys::Args),
    /// Change the master key that tenants' secrets are encrypted under
    Secrets(commands::secrets::Args),
    /// Hold jobs back: of a pool, a kind or a tenant
    Pause(commands::pauses::PauseArgs),
    /// Let go what was paused
    Resume(commands::pauses::ResumeArgs),
    /// List what is paused
    Pauses(commands::pauses::ListArgs),
    /// Show, set and lift shares and limits: a tenant's in a pool, or a kind's
    Limits(commands::limits::Args),
    /// What calls to credentials of the outside may take: list, declare and withdraw budgets
    Budgets(commands::budgets::Args),
    /// The embedding models and rerankers: list them, and see whether models work
    Models(commands::models::Args),
    /// Show the worker pools: what waits, what runs, who is alive
    Pools(commands::pools::Args),
    /// Watch the pools and the busiest tenants
    Top(commands::top::Args),
    /// Look the installation over, and repair what is stuck
    Doctor(commands::doctor::Args),
    /// Say which capabilities are shown to work, and by what
    Readiness(commands::readiness::Args),
    /// Measure this installation
    Bench(commands::bench::Args),
}

async fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Ingest(args) => Box::pin(commands::ingest::run(args)).await,
        Command::Collections(args) => Box::pin(commands::collections::run(args)).await,
        Command::Sources(args) => Box::pin(commands::sources::run(args)).await,
        Command::KnowledgeBases(args) => Box::pin(commands::knowledge_bases::run(args)).await,
        Command::EmbeddingMigration(args) => Box::pin(commands::embedding_migration::run(args)).await,
        Command::Search(args) => Box::pin(commands::search::run(args)).await,
        Command::Ask(args) => Box::pin(commands::ask::run(args)).await,
        Command::Check(args) => Box::pin(commands::check::run(args)).await,
        Command::Jobs(args) => Box::pin(commands::jobs::run(args)).await,
        Command::Documents(args) => Box::pin(commands::documents::run(args)).await,
        Command::Deletions(args) => Box::pin(commands::deletions::run(args)).await,
        Command::Schedules(args) => Box::pin(commands::schedules::run(args)).await,
        Command::Batches(args) => Box::pin(commands::batches::run(args)).await,
        Command::Webhooks(args) => Box::pin(commands::webhooks::run(args)).await,
        Command::Eval(args) => Box::pin(commands::eval::run(args)).await,
        Command::Gates(args) => Box::pin(commands::gates::run(args)).await,
        Command::Demo(args) => Box::pin(commands::demo::run(args)).await,
        Command::Up(args) => Box::pin(commands::up::run(args)).await,
        Command::Serve(args) => Box::pin(commands::serve::run(args)).await,
        Command::Worker(args) => Box::pin(commands::worker::run(args)).await,
        Command::Migrate(args) => Box::pin(commands::migrate::run(args)).await,
        Command::Tenants(args) => Box::pin(commands::tenants::run(args)).await,
        Command::Keys(args) => Box::pin(commands::keys::run(args)).await,
        Command::Secrets(args) => Box::pin(commands::secrets::run(args)).await,
        Command::Pause(args) => Box::pin(commands::pauses::pause(args)).await,
        Command::Resume(args) => Box::pin(commands::pauses::resume(args)).await,
        Command::Pauses(args) => Box::pin(commands::pauses::list(args)).await,
        Command::Limits(args) => Box::pin(commands::limits::run(args)).await,
        Command::Budgets(args) => Box::pin(commands::budgets::run(args)).await,
        Command::Models(args) => Box::pin(commands::models::run(args)).await,
        Command::Pools(args) => Box::pin(commands::pools::run(args)).await,
        Command::Top(args) => Box::pin(commands::top::run(args)).await,
        Command::Doctor(args) => Box::pin(commands::doctor::run(args)).await,
        Command::Readiness(args) => Box::pin(commands::readiness::run(args)).await,
        Command::Bench(args) => Box::pin(commands::bench::run(args)).await,
    }
}

fn main() -> ExitCode {
    // Before anything else: a worker runs them for each document and page, and they are to know and to open nothing.
    let mut arguments = std::env::args_os().skip(1);
    let command = arguments.next().unwrap_or_default();
    if command == workers::parser::COMMAND {
        return workers::parser::parse_document(arguments);
    }
    if command == workers::recogniser::COMMAND {
        return workers::recogniser::recognise_page(arguments);
    }
    // Before anything builds a TLS configuration. An error means that a provider is already there, which is as good.
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(stop) => return outcome::report_usage(&stop),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return outcome::report_error(&anyhow::Error::new(error).context("cannot start the runtime")),
    };
    match runtime.block_on(run(cli.command)) {
        Ok(outcome) => outcome.into(),
        Err(error) => outcome::report_error(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definitions_of_all_commands_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_stands_in_the_table_of_the_operators_manual() {
        let manual = include_str!("../../docs/OPERATIONS.md");
        let table: Vec<&str> = manual
            .lines()
            .filter_map(|line| line.strip_prefix("| `visualkit ")?.split(" |").next())
            .collect();
        for command in Cli::command().get_subcommands() {
            let name = command.get_name();
            let named = table.iter().any(|row| {
                let names = row.split(", ").map(|name| name.trim_matches('`'));
                names
                    .map(|name| name.split(' ').next())
                    .any(|first| first == Some(name))
            });
            assert!(named, "{name}");
        }
    }

    #[test]
    fn help_names_the_exit_codes() {
        assert!(Cli::command().render_help().to_string().contains("3  "));
    }
}
