//! With the real local model: search, answers and the checker on the sample help centre.
mod answers;
mod benchmark;
mod checks;
mod help_centre;
mod reranking;
mod retrieval;
