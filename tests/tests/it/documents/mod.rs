//! Documents from submission to deletion, through the API.
mod deleting;
mod downloading;
mod failing;
mod finding;
mod kept_results;
mod out_of_order;
mod reingesting;
mod reingesting_bases;
mod replacing;
mod revising;
mod switching;
mod updating_many;
