//! Jobs in named steps, by the one kind that has them: what is shown of the steps, and what a later attempt does not do again.
mod fenced;
mod forgetting;
mod resuming;
mod shown;
mod support;
mod waiting;
