//! The client of our own HTTP API.

mod change;
mod collections;
mod connection;
mod error;
mod events;
mod held_up;
mod in_base;
mod interactive;
mod jobs;
mod knowledge_bases;
mod pages;
mod repeat;
mod retry;
mod send;
mod wait;
mod watch;
mod wire;

pub(crate) use collections::{find_collections, find_or_create_collection};
pub(crate) use connection::{Client, ServerArgs};
pub(crate) use error::{ClientError, Problem};
pub(crate) use in_base::{InBase, find_in_base, look_for_in_base};
pub(crate) use interactive::{Finished, run_interactive};
pub(crate) use jobs::wait_for_all;
pub(crate) use knowledge_bases::{find_base, find_bases, find_or_create};
pub(crate) use pages::{list_all, list_all_of};
pub(crate) use wait::wait_for_end;
pub(crate) use watch::watch;
pub(crate) use wire::{Attempt, Document, Job, JobState, KnowledgeBase, Page, Step};
