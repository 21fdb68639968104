//! Makes a submitted document searchable: read, parse, chunk, embed, commit.
mod commit;
mod embed;
mod handle;
mod read;
