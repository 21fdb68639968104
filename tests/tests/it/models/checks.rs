//! `POST /v1/checks` on true sentences of the help centre and on altered copies of them.
use super::help_centre::start;
use serde_json::{Value, json};
use tests::{TestApp, workspace_root};

/// A page, a sentence that stands in it or follows from it, and the same with one thing altered.
type Pair = (&'static str, &'static str, &'static str);

const NUMBERS: [Pair; 8] = [
    (
        "reset-your-password",
        "The reset link works once and expires after 45 minutes.",
        "The reset link works once and expires after 90 minutes.",
    ),
    (
        "reset-your-password",
        "You can request at most 3 reset links an hour.",
        "You can request at most 5 reset links an hour.",
    ),
    (
        "limits",
        "An attachment can be up to 25 MB, and a message with all its attachments up to 40 MB.",
        "An attachment can be up to 25 MB, and a message with all its attachments up to 80 MB.",
    ),
    (
        "refunds",
        "A refund reaches your bank account within 7 business days after we have confirmed it.",
        "A refund reaches your bank account within 17 business days after we have confirmed it.",
    ),
    (
        "security",
        "Backups are made every 6 hours and kept for 35 days.",
        "Backups are made every 6 hours and kept for 90 days.",
    ),
    (
        "api-keys",
        "A new key expires after 365 days unless you choose a shorter time.",
        "A new key expires after 30 days unless you choose a shorter time.",
    ),
    (
        "data-export",
        "Most exports are ready within 6 hours.",
        "Most exports are ready within 16 hours.",
    ),
    (
        "incident-history",
        "Signing in failed for 18 minutes because a certificate between two of our services had expired.",
        "Signing in failed for 81 minutes because a certificate between two of our services had expired.",
    ),
];

const NAMES: [Pair; 6] = [
    (
        "security",
        "Customer data is stored in Frankfurt, with a copy in Dublin.",
        "Customer data is stored in Paris, with a copy in Dublin.",
    ),
    (
        "single-sign-on",
        "Single sign-on is available on the Business plan.",
        "Single sign-on is available on the Starter plan.",
    ),
    (
        "mobile-app",
        "The app runs on iOS 17 or later and on Android 11 or later.",
        "The app runs on iOS 17 or later and on Windows 11 or later.",
    ),
    (
        "billing-and-invoices",
        "You can pay by Visa, Mastercard or American Express.",
        "You can pay by Visa, Mastercard or Diners Club.",
    ),
    (
        "integrations",
        "New conversations can be posted to a Slack channel, and a reply in the thread becomes an internal note.",
        "New conversations can be posted to a Discord channel, and a reply in the thread becomes an internal note.",
    ),
    (
        "contact-support",
        "We answer in English, German and French.",
        "We answer in English, German and Spanish.",
    ),
];

const NEGATIONS: [Pair; 7] = [
    (
        "single-sign-on",
        "SCIM provisioning is not available.",
        "SCIM provisioning is available.",
    ),
    (
        "refunds",
        "Monthly plans are not refunded.",
        "Monthly plans are refunded.",
    ),
    (
        "billing-and-invoices",
        "We do not accept PayPal, cheques or cash.",
        "We accept PayPal, cheques or cash.",
    ),
    (
        "deleting-data",
        "An erased contact cannot be restored.",
        "An erased contact can be restored.",
    ),
    (
        "mobile-app",
        "You cannot reply offline; a draft is kept and can be sent later.",
        "You can reply offline; a draft is kept and can be sent later.",
    ),
    (
        "two-factor-authentication",
        "Codes by text message are not supported.",
        "Codes by text message are supported.",
    ),
    (
        "contact-support",
        "We do not offer support by telephone.",
        "We offer support by telephone.",
    ),
];

const ROLES: [Pair; 6] = [
    (
        "contact-support",
        "We answer within 4 working hours on the Team plan and within 1 working day on the Starter plan.",
        "We answer within 4 working hours on the Starter plan and within 1 working day on the Team plan.",
    ),
    (
        "two-factor-authentication",
        "An owner of your workspace can reset your two-factor authentication.",
        "Your two-factor authentication can reset an owner of your workspace.",
    ),
    (
        "integrations",
        "An agent can create a Jira issue from a conversation.",
        "A Jira issue can create an agent from a conversation.",
    ),
    (
        "automation-rules",
        "A rule with \"Stop here\" prevents the rules below it from running.",
        "The rules below it prevent a rule with \"Stop here\" from running.",
    ),
    (
        "security",
        "Support staff see a conversation only after an agent of your workspace has allowed it.",
        "An agent of your workspace sees a conversation only after support staff have allowed it.",
    ),
    (
        "plans-and-prices",
        "Light agents can read conversations and write internal notes.",
        "Conversations can read light agents and write internal notes.",
    ),
];

/// Altered sentences that the checker approves today: the name stands in the next sentence of the page, which speaks of what is not
/// possible; the page says of the owner's own role only what a table says. Whoever teaches the checker to see one moves it up.
const NOT_SEEN: [Pair; 2] = [
    (
        "data-export",
        "On the Business plan an export can run every week to your own Amazon S3 bucket.",
        "On the Business plan an export can run every week to your own Google Cloud bucket.",
    ),
    (
        "team-roles",
        "An admin cannot remove an owner.",
        "An owner cannot remove an admin.",
    ),
];

async fn check(app: &TestApp, page: &str, response: &str) -> Value {
    let source = std::fs::read_to_string(workspace_root().join(format!("samples/help-centre/{page}.md"))).unwrap();
    let checked = app
        .client
        .post_waiting("/v1/checks", json!({"response": response, "sources": [source]}), 30)
        .await;
    assert_eq!(checked.body["state"], "succeeded", "{}", checked.text);
    checked.body["result"].clone()
}

fn approved(result: &Value) -> bool {
    result["claims"]
        .as_array()
        .unwrap()
        .iter()
        .all(|claim| claim["verdict"] == "supported")
}

/// The true sentence is approved, the altered one is not, and the report says why.
async fn tell_apart(pairs: &[Pair]) {
    let Some(app) = start().await else { return };
    let mut wrong = Vec::new();
    for (page, honest, altered) in pairs {
        let of_honest = check(&app, page, honest).await;
        let of_altered = check(&app, page, altered).await;
        if !approved(&of_honest) {
            wrong.push(format!("refused though true: {honest} {of_honest}"));
        }
        if approved(&of_altered) {
            wrong.push(format!("approved though altered: {altered} {of_altered}"));
        }
        assert!(of_altered["score"].as_f64() <= of_honest["score"].as_f64(), "{altered}");
        let refused = of_altered["claims"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|claim| claim["verdict"] != "supported");
        for claim in refused {
            assert!(
                claim["reasons"].as_array().is_some_and(|reasons| !reasons.is_empty()),
                "no reason: {claim}"
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_number_is_rejected() {
    tell_apart(&NUMBERS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_name_is_rejected() {
    tell_apart(&NAMES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_negation_is_rejected() {
    tell_apart(&NEGATIONS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn swapped_roles_are_rejected() {
    tell_apart(&ROLES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_checker_does_not_see_is_on_record() {
    let Some(app) = start().await else { return };
    for (page, honest, altered) in NOT_SEEN {
        assert!(approved(&check(&app, page, honest).await), "{honest}");
        assert!(
            approved(&check(&app, page, altered).await),
            "it is seen now, move it up: {altered}"
        );
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_wrong_sentence_among_right_ones_is_found() {
    let Some(app) = start().await else { return };
    let response = "Backups are made every 6 hours and kept for 35 days. Customer data is stored in Paris. It does not leave the European Union.";
    let result = check(&app, "security", response).await;
    let verdicts: Vec<_> = result["claims"]
        .as_array()
        .unwrap()
        .iter()
        .map(|claim| claim["verdict"] == "supported")
        .collect();
    assert_eq!(verdicts, [true, false, true], "{result}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_is_quoted_from_the_source_that_it_names() {
    let Some(app) = start().await else { return };
    let sources = [
        "A kettle boils water in three minutes.",
        "The lantern burns for 36 hours on one charge.",
    ];
    let checked = app
        .client
        .post_waiting(
            "/v1/checks",
            json!({"response": "The lantern burns for 36 hours.", "sources": sources}),
            30,
        )
        .await;
    let evidence = &checked.body["result"]["claims"][0]["evidence"][0];
    assert_eq!(evidence["source"], 1, "{}", checked.text);
    assert!(sources[1].contains(evidence["quote"].as_str().unwrap()));
    app.finish().await;
}
