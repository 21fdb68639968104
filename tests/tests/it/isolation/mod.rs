//! That one tenant never meets another's rows: by the catalogue of the database, by its rows, and by every operation of the API.
mod catalogue;
mod operation_case;
mod operation_cases;
mod operations;
mod roles;
mod rows;
mod seed;
mod texts;
