use tokio::io::{AsyncRead, AsyncReadExt};

/// Reads to the end and keeps the last `most` bytes, as one line without control characters.
pub(super) async fn read_tail(mut from: impl AsyncRead + Unpin, most: usize) -> String {
    let mut kept = Vec::new();
    let mut buffer = [0; 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        kept.extend_from_slice(buffer.get(..read).unwrap_or_default());
        let surplus = kept.len().saturating_sub(most);
        kept.drain(..surplus);
    }
    let text = String::from_utf8_lossy(&kept);
    let words: Vec<&str> = text
        .split(|c: char| c.is_control() || c == ' ')
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::read_tail;

    #[tokio::test]
    async fn the_end_is_kept_on_one_line() {
        let said = format!("{}\nthread 'main' \u{1b}[31mpanicked\r\n", "x".repeat(5000));
        let tail = read_tail(said.as_bytes(), 100).await;
        assert!(
            tail.ends_with("x thread 'main' [31mpanicked") && tail.len() <= 100,
            "{tail}"
        );
        assert_eq!(read_tail(b"".as_slice(), 100).await, "");
    }
}
