use super::model::RemoteModel;

/// Texts of one call in bytes: a request that is lost costs no more than this to send again.
const BATCH_BYTES_MAX: usize = 1024 * 1024;

/// How many of the first inputs make one call; at least one. Each comes with its tokens and bytes, a picture's as they are sent.
pub(super) fn batch_len(model: &RemoteModel, texts: impl Iterator<Item = (usize, usize)>) -> usize {
    let (mut tokens, mut bytes, mut taken) = (0, 0, 0);
    for (text_tokens, text_bytes) in texts.take(model.batch_texts) {
        tokens += text_tokens;
        bytes += text_bytes;
        if taken > 0 && (tokens > model.batch_tokens || bytes > BATCH_BYTES_MAX) {
            break;
        }
        taken += 1;
    }
    taken.max(1)
}
