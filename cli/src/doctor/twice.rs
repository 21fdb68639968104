use std::time::Duration;

/// What `look` finds both now and after a pause. In a system that works something is always on its way from one place to the next; what is
/// still there after a pause is stuck.
pub(super) async fn twice<T: Ord, E>(
    pause: Duration,
    mut look: impl AsyncFnMut() -> Result<Vec<T>, E>,
) -> Result<Vec<T>, E> {
    let mut first = look().await?;
    if first.is_empty() {
        return Ok(first);
    }
    first.sort();
    tokio::time::sleep(pause).await;
    let mut second = look().await?;
    second.retain(|found| first.binary_search(found).is_ok());
    Ok(second)
}
