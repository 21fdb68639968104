//! Makes a submitted document searchable: fetch, parse, chunk, embed, index, verify.
mod commit;
mod embed;
mod handle;
mod pages;
mod read;
mod waiting;
