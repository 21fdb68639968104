use crate::IntegrationError;
use async_trait::async_trait;

/// A model that continues a conversation.
///
/// Nothing in this crate implements it yet: answers are composed from the sources' own sentences, which needs no model.
#[async_trait]
pub trait ChatModel: Send + Sync {
    /// Provider and model as an answer reports them, such as `anthropic/claude-x`.
    fn name(&self) -> &str;

    /// One completion. The answer's text is untrusted: it may be steered by the tenant's documents.
    async fn complete(&self, request: ChatRequest) -> Result<ChatAnswer, IntegrationError>;
}

#[derive(Clone, Debug, PartialEq)]
pub struct ChatRequest {
    /// In order; a system message comes first if there is one.
    pub messages: Vec<ChatMessage>,
    /// The model stops after this many tokens.
    pub output_tokens_max: u32,
    /// 0 for the likeliest answer; providers differ above that.
    pub temperature: f32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatMessage {
    pub role: ChatRole,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatRole {
    System,
    User,
    Assistant,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatAnswer {
    pub text: String,
    pub finish: FinishReason,
    pub usage: TokenUsage,
}

/// Why the model stopped writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishReason {
    Complete,
    /// Cut off at `output_tokens_max`.
    Length,
    /// The provider's own filter withheld the answer.
    Refused,
}

/// What the provider counts and bills, in its own tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenUsage {
    pub input_tokens: u64,
    pub output_tokens: u64,
}
