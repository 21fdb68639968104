//! Brings the documents of a source up to date. A web source is crawled: what is still to be looked at stands in the database, so that an attempt goes
//! on where the last one was.
mod deletions;
mod finish;
mod handle;
mod outcome;
mod page;
mod record;
mod seed;
mod site;
mod visit;
