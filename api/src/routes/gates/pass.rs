use super::set::LEAST_QUESTIONS;
use crate::routes::evaluations::configuration::AskedConfiguration;
use crate::{Problem, ProblemCode};
use config::Settings;
use jobs::kinds::SearchConfiguration;
use retrieval::evaluation::{Metric, Scores, Verdict, judge_loss};
use serde_json::Value;
use store::evaluations::{self, Evaluation, Gate, NewOverride};
use store::knowledge_bases::KnowledgeBase;
use store::{ApiKeyId, TenantTx, test_sets};

/// Who wants to change a base, and why past its gate if so.
#[derive(Clone, Debug)]
pub(crate) struct Pass {
    pub(crate) key: ApiKeyId,
    pub(crate) override_reason: Option<String>,
}

/// Lets a change of how the base is searched pass, unless the base has a gate, and the change was not evaluated on it as it is now, or lost
/// there. With a reason it passes all the same, and that is written down.
///
/// # Errors
/// [`ProblemCode::GateNotEvaluated`], [`ProblemCode::GateLost`].
pub(crate) async fn pass(
    tx: &mut TenantTx,
    settings: &Settings,
    before: &KnowledgeBase,
    after: &KnowledgeBase,
    pass: &Pass,
) -> Result<(), Problem> {
    let searched = |base: &KnowledgeBase| AskedConfiguration::default().resolve(settings, base, None);
    let (first, second) = match (searched(before), searched(after)) {
        (Ok(first), Ok(second)) if first != second => (first, second),
        (Ok(_), Ok(_)) => return Ok(()),
        (Err(error), _) | (_, Err(error)) => return Err(Problem::invalid(vec![error])),
    };
    let Some(gate) = evaluations::find_gate(tx, before.id).await? else {
        return Ok(());
    };
    if let Some(reason) = &pass.override_reason {
        let made = NewOverride {
            knowledge_base_id: before.id,
            reason,
            api_key_id: pass.key,
            before: &to_json(&first)?,
            after: &to_json(&second)?,
        };
        evaluations::record_override(tx, &made).await?;
        return Ok(());
    }
    let set = test_sets::find(tx, gate.test_set_id).await?;
    let compared = evaluations::list_ended(tx, set.id, set.revision).await?;
    let Some(evaluation) = compared
        .into_iter()
        .find(|evaluation| compares(evaluation, &first, &second))
    else {
        return Err(Problem::new(
            ProblemCode::GateNotEvaluated,
            format!(
                "The knowledge base has a gate: evaluate the change first, with POST /v1/test-sets/{}/evaluations and two configurations, `{{}}` \
                 and what is to be different of it. Or give a reason as `override_gate`.",
                set.id
            ),
        ));
    };
    judge(tx, &gate, &evaluation).await
}

fn to_json(configuration: &SearchConfiguration) -> Result<Value, Problem> {
    serde_json::to_value(configuration).map_err(|error| Problem::internal(&error))
}

fn compares(evaluation: &Evaluation, first: &SearchConfiguration, second: &SearchConfiguration) -> bool {
    let of: Result<Vec<SearchConfiguration>, _> = serde_json::from_value(evaluation.configurations.clone());
    of.is_ok_and(|of| matches!(of.as_slice(), [a, b] if a == first && b == second))
}

async fn judge(tx: &mut TenantTx, gate: &Gate, evaluation: &Evaluation) -> Result<(), Problem> {
    let metric = Metric::named(&gate.metric).unwrap_or(Metric::NdcgAt10);
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for row in evaluations::all_scores(tx, evaluation.id).await? {
        let scores: Vec<Scores> = serde_json::from_value(row.scores).map_err(|error| Problem::internal(&error))?;
        if let [a, b] = scores.as_slice() {
            first.push(metric.of(a));
            second.push(metric.of(b));
        }
    }
    // Fewer pairs than a gate needs cannot lose significantly, whatever they say.
    if first.len() < LEAST_QUESTIONS {
        return Err(Problem::new(
            ProblemCode::GateNotEvaluated,
            format!(
                "The gate's test set has {} questions that can be scored by now, and at least {LEAST_QUESTIONS} are needed to tell a loss. Add some and \
                 evaluate the change, remove the gate, or give a reason as `override_gate`.",
                first.len()
            ),
        ));
    }
    let (questions, max_loss) = (first.len(), gate.max_loss);
    // Of many questions it takes a while, which the requests beside it do not wait for.
    let verdict = tokio::task::spawn_blocking(move || judge_loss(&first, &second, max_loss))
        .await
        .map_err(|error| Problem::internal(&error))?;
    let Some(Verdict {
        loses: true,
        difference,
        p_value,
    }) = verdict
    else {
        return Ok(());
    };
    let significant = if gate.max_loss > 0.0 {
        format!("significantly more than the {} that are allowed", gate.max_loss)
    } else {
        "significant".to_owned()
    };
    let detail = format!(
        "The change loses on the knowledge base's gate: {} changes by {difference:.4} on average over {} questions, which is {significant} \
         (p = {p_value:.4}, paired randomisation test; evaluation {}, made at change {} of the base, which is at {} now). Nothing was changed. Give a reason as `override_gate` to change it all the same.",
        metric.as_str(),
        questions,
        evaluation.id,
        evaluation.index_seq.unwrap_or_default(),
        evaluation.head_seq
    );
    Err(Problem::new(ProblemCode::GateLost, detail))
}
