#![doc = include_str!("../README.md")]
mod admin;
pub mod document_types;
mod extract;
#[cfg(test)]
mod field_codes;
mod http;
mod openapi;
mod problem;
mod problem_code;
mod rate_limits;
mod router;
mod routes;
mod state;
mod views;
mod work;

pub use self::admin::{AdminState, Stalled, admin_router};
pub use self::extract::{PUBLISHABLE_SCOPES, SCOPES};
pub use self::problem::{Problem, ProblemBody};
pub use self::problem_code::ProblemCode;
pub use self::router::{openapi, router};
pub use self::state::ApiState;
pub use self::views::OperatorsJob;
