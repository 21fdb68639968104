use super::ask::{Task, ask, bring_up_index};
use super::figures::figures;
use crate::{Done, Handle, JobContext, JobError};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use jobs::kinds::{EvaluateRetrieval, EvaluatedRetrieval};
use retrieval::evaluation::Scores;
use std::collections::HashMap;
use store::evaluations::{self, JudgedDocument, ToAsk, Waiting};
use store::{EvaluationId, StoreError, TestQuestionId};

/// Questions that are read from the database at a time.
const PAGE: i64 = 100;
/// Questions that are asked at a time: an evaluation shares its process with other work.
const AT_A_TIME: usize = 4;

impl Handle for EvaluateRetrieval {
    async fn handle(self, job: JobContext) -> Result<Done, JobError> {
        let begun = begin(&job).await?;
        let task = Task {
            set: self.test_set_id,
            configurations: self.configurations,
            base: begun.knowledge_base_id,
            index_seq: begun.index_seq,
        };
        job.step("index", Box::pin(bring_up_index(&job, &task))).await?;
        job.step("ask", ask_all(&job, &task, &begun)).await?;
        let result = job.step("score", score(&job, &task)).await?;
        finish(&job, &task, &result).await
    }
}

async fn begin(job: &JobContext) -> Result<ToAsk, JobError> {
    Ok(job
        .app
        .store
        .tenant(job.tenant(), async |tx| evaluations::begin(tx, job.held()).await)
        .await?)
}

/// Asks every question that no attempt has asked; each is kept as soon as it has been.
async fn ask_all(job: &JobContext, task: &Task, begun: &ToAsk) -> Result<(), JobError> {
    let count = |number: i64| usize::try_from(number).unwrap_or(0);
    let (mut done, total) = (count(begun.scored), count(begun.questions));
    loop {
        let (waiting, mut judged) = next(job, task).await?;
        if waiting.is_empty() {
            return Ok(());
        }
        let mut waiting = waiting.into_iter();
        let mut asked = FuturesUnordered::new();
        let mut failed = None;
        loop {
            while failed.is_none()
                && asked.len() < AT_A_TIME
                && let Some(question) = waiting.next()
            {
                let judged = judged.remove(&question.id).unwrap_or_default();
                asked.push(ask(job, task, question, judged));
            }
            let Some(scored) = asked.next().await else { break };
            match scored {
                Ok((question, scores)) => {
                    record(job, question, &scores).await?;
                    done += 1;
                    job.progress(done, Some(total), "asking");
                }
                // The others are being asked, and may be paid for: they are kept before the attempt ends.
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
    }
}

type Judgements = HashMap<TestQuestionId, Vec<JudgedDocument>>;

async fn next(job: &JobContext, task: &Task) -> Result<(Vec<Waiting>, Judgements), JobError> {
    let evaluation = (EvaluationId::of_job(job.id()), task.set);
    let (waiting, judged) = job
        .app
        .store
        .tenant(job.tenant(), async |tx| {
            let waiting = evaluations::waiting(tx, evaluation, PAGE).await?;
            let ids: Vec<TestQuestionId> = waiting.iter().map(|question| question.id).collect();
            let judged = evaluations::judged_documents(tx, &ids).await?;
            Ok::<_, StoreError>((waiting, judged))
        })
        .await?;
    let mut by_question = Judgements::new();
    for judgement in judged {
        by_question.entry(judgement.question_id).or_default().push(judgement);
    }
    Ok((waiting, by_question))
}

async fn record(job: &JobContext, question: TestQuestionId, scores: &[Scores]) -> Result<(), JobError> {
    let scores = serde_json::to_value(scores)
        .map_err(|error| JobError::permanent("internal", format!("The scores cannot be stored: {error}")))?;
    Ok(job
        .app
        .store
        .tenant(job.tenant(), async |tx| {
            evaluations::record(tx, job.held(), question, &scores).await
        })
        .await?)
}

/// Makes figures of what every question scored.
async fn score(job: &JobContext, task: &Task) -> Result<EvaluatedRetrieval, JobError> {
    let evaluation = EvaluationId::of_job(job.id());
    let (begun, rows) = job
        .app
        .store
        .tenant(job.tenant(), async |tx| {
            let begun = evaluations::begin(tx, job.held()).await?;
            Ok::<_, StoreError>((begun, evaluations::all_scores(tx, evaluation).await?))
        })
        .await?;
    let rows = rows.into_iter().map(|row| serde_json::from_value(row.scores));
    let rows: Vec<Vec<Scores>> = rows
        .collect::<Result<_, _>>()
        .map_err(|error| JobError::permanent("internal", format!("The scores cannot be read: {error}")))?;
    let (questions, configurations) = (rows.len(), task.configurations.len());
    let (figures, comparison) = tokio::task::spawn_blocking(move || figures(&rows, configurations))
        .await
        .map_err(|error| JobError::retry("panicked", format!("The figures could not be made: {error}")))?;
    Ok(EvaluatedRetrieval {
        questions,
        left_out: usize::try_from(begun.left_out).unwrap_or(0),
        index_changed: begun.head_seq != begun.index_seq,
        figures,
        comparison,
    })
}

/// Ends the evaluation with its job.
async fn finish(job: &JobContext, task: &Task, result: &EvaluatedRetrieval) -> Result<Done, JobError> {
    let evaluation = EvaluationId::of_job(job.id());
    let json = serde_json::to_value(result)
        .map_err(|error| JobError::permanent("internal", format!("The result cannot be stored: {error}")))?;
    let ended = job
        .app
        .store
        .tenant(job.tenant(), async |tx| {
            evaluations::end(tx, (evaluation, task.set), &json).await?;
            job.finish(tx, result).await
        })
        .await?;
    Ok(Done::Committed(ended))
}
