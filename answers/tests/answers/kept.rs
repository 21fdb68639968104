//! True sentences must be supported.
use std::collections::HashMap;

use answers::{NoVectors, Verdict, check, texts_to_embed};

const SOURCE: &str = "Lumo lamps float on water, but they do not dive. Refunds are paid within 36 hours after the lamp has arrived.\n\n\
    ## Plans\n\nThe Starter plan costs $9 a month and has 3 seats. The Team plan costs $29 a month; it has 10 seats, e.g. for a small \
    office.\n\n- Open **Settings**.\n- Click `Save`.\n\nAdmins invite members. Only owners can delete a workspace.";

fn verdicts(response: &str, source: &str) -> Vec<Verdict> {
    check(response, &[source], None, &NoVectors)
        .claims
        .into_iter()
        .map(|claim| claim.verdict)
        .collect()
}

#[test]
fn every_sentence_of_a_source_is_supported_with_score_one() {
    for sentence in answers::split_sentences(SOURCE) {
        let report = check(&sentence.text, &[SOURCE], None, &NoVectors);
        assert!(
            report.claims.iter().all(|claim| claim.verdict == Verdict::Supported),
            "{}",
            sentence.text
        );
        assert!(report.score > 0.99, "{} {}", sentence.text, report.score);
    }
    assert!(
        verdicts(SOURCE, SOURCE)
            .iter()
            .all(|verdict| *verdict == Verdict::Supported)
    );
}

#[test]
fn light_paraphrases_are_supported() {
    let pairs = [
        ("Refunds are paid within thirty-six hours.", SOURCE),
        ("Lumo lamps can float on water.", SOURCE),
        ("Lumo lamps don't dive.", SOURCE),
        ("The Team plan has 10 seats.", SOURCE),
        ("The Team plan costs 29 dollars a month.", SOURCE),
        ("Members are invited by admins.", SOURCE),
        ("A workspace can be deleted only by owners.", SOURCE),
        ("The Starter plan, which costs $9 a month, has 3 seats.", SOURCE),
        (
            "Uploads can be up to 25 megabytes.",
            "Uploads can be up to 25 MB in size.",
        ),
        ("Sign in with SSO.", "Sign in with single sign-on."),
    ];
    for (claim, source) in pairs {
        let report = check(claim, &[source], None, &NoVectors);
        assert!(
            report.claims.iter().all(|claim| claim.verdict == Verdict::Supported),
            "{claim} {report:#?}"
        );
    }
}

#[test]
fn a_false_clause_beside_a_true_one_is_found() {
    let report = check(
        "Lumo lamps float on water, and Lumo lamps glow under full moonlight.",
        &[SOURCE],
        None,
        &NoVectors,
    );
    let verdicts: Vec<Verdict> = report.claims.iter().map(|claim| claim.verdict).collect();
    assert_eq!(verdicts, [Verdict::Supported, Verdict::Unsupported]);
    assert!(report.claims.iter().all(|claim| claim.sentence == 0));
}

#[test]
fn courtesies_claim_nothing_but_do_not_hide_a_fact() {
    assert!(verdicts("Hi! I hope this helps. Let me know if you need more.", SOURCE).is_empty());
    assert_eq!(
        verdicts("I hope this helps with your 90 day refund.", SOURCE),
        [Verdict::Unsupported]
    );
}

#[test]
fn the_question_is_no_source() {
    let report = check(
        "The lamp costs $5.",
        &["The lamp floats."],
        Some("Does the lamp cost $5?"),
        &NoVectors,
    );
    assert_ne!(report.claims[0].verdict, Verdict::Supported);
}

#[test]
fn near_vectors_support_other_words_but_never_another_number() {
    let (claim, source) = ("Money comes back in 36 hours.", "Refunds are paid within 36 hours.");
    let texts = texts_to_embed(claim, &[source]);
    assert_eq!(texts, [claim, source]);
    let vectors: HashMap<String, Vec<f32>> = texts.into_iter().map(|text| (text, vec![0.6, 0.8])).collect();
    assert_eq!(
        check(claim, &[source], None, &NoVectors).claims[0].verdict,
        Verdict::Unsupported
    );
    assert_eq!(
        check(claim, &[source], None, &vectors).claims[0].verdict,
        Verdict::Supported
    );
    let other = "Money comes back in 72 hours.";
    let vectors: HashMap<String, Vec<f32>> = [other, source].map(|text| (text.to_owned(), vec![0.6, 0.8])).into();
    assert_ne!(
        check(other, &[source], None, &vectors).claims[0].verdict,
        Verdict::Supported
    );
}
