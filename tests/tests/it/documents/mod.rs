//! Documents from submission to deletion, through the API.
mod deleting;
mod failing;
mod kept_results;
mod out_of_order;
mod replacing;
mod revising;
