//! With the real local model: search, answers and the checker on the sample help centre.
mod answers;
mod benchmark;
mod checks;
mod chunk_limit;
mod folders;
mod help_centre;
mod languages;
mod reranking;
mod retrieval;
