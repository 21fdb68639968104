#![doc = include_str!("../README.md")]

mod chat_model;
pub mod embedding;
mod error;
pub mod http;
mod reranker;

pub use chat_model::{ChatAnswer, ChatMessage, ChatModel, ChatRequest, ChatRole, FinishReason, TokenUsage};
pub use error::{IntegrationError, RetryAdvice};
pub use reranker::Reranker;
