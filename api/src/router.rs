use crate::extract::max_form_bytes;
use crate::http::{observe, panic_problem, within_deadline};
use crate::routes::{
    answers, batches, budgets, checks, collections, dead_letters, deletions, documents, embedding_migrations,
    evaluations, gates, jobs, knowledge_bases, limits, models, openapi as openapi_route, pauses, schedules, search,
    sources, test_sets, webhooks,
};
use crate::{ApiState, Problem, ProblemCode};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The public address: everything under `/v1`.
pub fn router(state: ApiState) -> Router {
    let (routes, _) = documented().split_for_parts();
    routes
        .fallback(async || Problem::new(ProblemCode::NotFound, "There is nothing at this path."))
        .method_not_allowed_fallback(async || {
            Problem::new(
                ProblemCode::MethodNotAllowed,
                "This path has no such method. The Allow header lists those it has.",
            )
        })
        .layer(DefaultBodyLimit::max(max_form_bytes(
            state.settings.server.max_document_bytes,
        )))
        .layer(CatchPanicLayer::custom(panic_problem))
        .layer(from_fn_with_state(state.clone(), within_deadline))
        .layer(from_fn_with_state(state.clone(), observe))
        .with_state(state)
}

/// The API as OpenAPI 3.1: exactly the routes that are served, for both come from one list.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    crate::openapi::complete(documented().into_openapi())
}

fn documented() -> OpenApiRouter<ApiState> {
    OpenApiRouter::with_openapi(crate::openapi::introduction())
        .routes(routes!(
            knowledge_bases::create::create_knowledge_base,
            knowledge_bases::list::list_knowledge_bases
        ))
        .routes(routes!(
            knowledge_bases::show::show_knowledge_base,
            knowledge_bases::update::update_knowledge_base,
            knowledge_bases::delete::delete_knowledge_base
        ))
        .routes(routes!(
            documents::submit::submit_document,
            documents::list::list_documents
        ))
        .routes(routes!(
            documents::show::show_document,
            documents::update::update_document,
            documents::delete::delete_document
        ))
        .routes(routes!(documents::chunks::list_chunks))
        .routes(routes!(documents::content::download_document))
        .routes(routes!(documents::reingest::reingest_document))
        .routes(routes!(documents::reingest_many::reingest_documents))
        .routes(routes!(documents::update_many::update_documents))
        .routes(routes!(deletions::list::list_deletions))
        .routes(routes!(deletions::show::show_deletion))
        .routes(routes!(
            collections::create::create_collection,
            collections::list::list_collections
        ))
        .routes(routes!(
            collections::show::show_collection,
            collections::update::update_collection,
            collections::delete::delete_collection
        ))
        .routes(routes!(sources::create::create_source, sources::list::list_sources))
        .routes(routes!(
            sources::show::show_source,
            sources::update::update_source,
            sources::delete::delete_source
        ))
        .routes(routes!(sources::sync::sync_source))
        .routes(routes!(sources::syncs::list_syncs))
        .routes(routes!(sources::items::list_items))
        .routes(routes!(
            test_sets::create::create_test_set,
            test_sets::list::list_test_sets
        ))
        .routes(routes!(
            test_sets::show::show_test_set,
            test_sets::delete::delete_test_set
        ))
        .routes(routes!(
            test_sets::add_questions::add_test_questions,
            test_sets::list_questions::list_test_questions
        ))
        .routes(routes!(test_sets::sample::sample_test_questions))
        .routes(routes!(test_sets::judge::judge_test_question))
        .routes(routes!(test_sets::delete_question::delete_test_question))
        .routes(routes!(
            evaluations::start::start_evaluation,
            evaluations::list::list_evaluations
        ))
        .routes(routes!(evaluations::show::show_evaluation))
        .routes(routes!(evaluations::questions::list_scored_questions))
        .routes(routes!(
            embedding_migrations::start::start_embedding_migration,
            embedding_migrations::show::show_embedding_migration,
            embedding_migrations::end::end_embedding_migration
        ))
        .routes(routes!(knowledge_bases::replicas::list_replicas))
        .routes(routes!(embedding_migrations::switch::switch_embedding_migration))
        .routes(routes!(embedding_migrations::rollback::roll_back_embedding_migration))
        .routes(routes!(
            gates::show::show_gate,
            gates::set::set_gate,
            gates::remove::remove_gate
        ))
        .routes(routes!(models::list::list_models))
        .routes(routes!(search::search))
        .routes(routes!(answers::answer_question))
        .routes(routes!(checks::check_response))
        .routes(routes!(jobs::submit::submit_job, jobs::list::list_jobs))
        .routes(routes!(jobs::show::show_job))
        .routes(routes!(jobs::attempts::list_job_attempts))
        .routes(routes!(jobs::effects::list_effects))
        .routes(routes!(jobs::steps::list_steps))
        .routes(routes!(jobs::events::follow_job))
        .routes(routes!(jobs::cancel::cancel_job))
        .routes(routes!(jobs::cancel_many::cancel_jobs))
        .routes(routes!(jobs::retry::retry_job))
        .routes(routes!(jobs::run::run_job))
        .routes(routes!(jobs::why::explain_wait))
        .routes(routes!(batches::create::create_batch, batches::list::list_batches))
        .routes(routes!(batches::show::show_batch))
        .routes(routes!(batches::add::add_jobs))
        .routes(routes!(batches::cancel::cancel_batch))
        .routes(routes!(dead_letters::list::list_dead_letters))
        .routes(routes!(dead_letters::summary::summarize_dead_letters))
        .routes(routes!(dead_letters::replay::replay_dead_letters))
        .routes(routes!(dead_letters::discard::discard_dead_letters))
        .routes(routes!(limits::set::set_limit, limits::list::list_limits))
        .routes(routes!(limits::delete::delete_limit))
        .routes(routes!(pauses::create::create_pause, pauses::list::list_pauses))
        .routes(routes!(pauses::delete::delete_pause))
        .routes(routes!(
            schedules::create::create_schedule,
            schedules::list::list_schedules
        ))
        .routes(routes!(
            schedules::show::show_schedule,
            schedules::update::update_schedule,
            schedules::delete::delete_schedule
        ))
        .routes(routes!(schedules::ticks::list_ticks))
        .routes(routes!(schedules::fire::fire_schedule))
        .routes(routes!(webhooks::create::create_webhook, webhooks::list::list_webhooks))
        .routes(routes!(
            webhooks::show::show_webhook,
            webhooks::update::update_webhook,
            webhooks::delete::delete_webhook
        ))
        .routes(routes!(webhooks::rotate_secret::rotate_webhook_secret))
        .routes(routes!(webhooks::test::test_webhook))
        .routes(routes!(webhooks::deliveries::list_deliveries))
        .routes(routes!(webhooks::replay::replay_delivery))
        .routes(routes!(webhooks::replay_failed::replay_failed_deliveries))
        .routes(routes!(budgets::list::list_budgets))
        .routes(routes!(
            budgets::put::put_budget,
            budgets::update::update_budget,
            budgets::delete::delete_budget
        ))
        .routes(routes!(openapi_route::show_openapi))
}
