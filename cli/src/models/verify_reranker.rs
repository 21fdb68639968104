use anyhow::{bail, ensure};
use integrations::reranking::{LocalReranker, RemoteReranker, RerankUsage, Reranker as _};

const QUERY: &str = "How many hours does the lamp burn?";
/// The second answers the query. It comes last, so that whoever gives them back as they are is seen.
const PASSAGES: [&str; 2] = [
    "Bread is baked from flour, water and yeast.",
    "The lamp burns for 36 hours.",
];

/// Its files, and an order of two passages.
pub(super) async fn verify_local_reranker(reranker: &LocalReranker) -> anyhow::Result<String> {
    reranker.check_files()?;
    order(&reranker.rerank(QUERY, PASSAGES.map(str::to_owned).to_vec()).await?)
}

/// An order of two passages, by one call.
pub(super) async fn verify_remote_reranker(reranker: &RemoteReranker) -> anyhow::Result<String> {
    let passages = PASSAGES.map(str::to_owned);
    let answer = reranker.send(QUERY, &passages).await?;
    let reranked = reranker.read(passages.len(), answer)?;
    let order = order(&reranked.scores)?;
    let billed = match reranked.usage {
        None => "it does not say what it bills".to_owned(),
        Some(usage) => {
            let RerankUsage { tokens, searches } = usage;
            let counted = match searches {
                0 => format!("{tokens} tokens"),
                1 => "1 search".to_owned(),
                _ => format!("{searches} searches"),
            };
            format!("{counted} billed, {} µUSD", reranker.cost_micros(usage))
        }
    };
    Ok(format!("{order}; {billed}"))
}

/// That the passage with the answer is the better one.
fn order(scores: &[f32]) -> anyhow::Result<String> {
    let [worse, better] = scores else {
        bail!("it gave {} scores of two passages", scores.len());
    };
    ensure!(
        better > worse,
        "of two passages the one with the answer did not come first: it has the score {better:.4}, the other {worse:.4}"
    );
    Ok(format!(
        "of two passages the one with the answer came first: {better:.4} to {worse:.4}"
    ))
}
