#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]
use std::collections::HashSet;

use super::{NumberAgreement, compare_numbers, quantities};
use crate::text::{content_stems, words};

fn compare(claim: &str, evidence: &str) -> NumberAgreement {
    let (claim, evidence) = (words(claim), words(evidence));
    let stems: HashSet<&str> = content_stems(&claim).into_iter().collect();
    compare_numbers(&quantities(&claim), &stems, &quantities(&evidence))
}

#[test]
fn equal_numbers_in_different_dress_agree() {
    for (claim, evidence) in [
        ("It holds 1,000 items", "It holds 1000 items"),
        ("Refunds take thirty-six hours", "Refunds take 36 hours"),
        ("Refunds take 36h", "Refunds take a 36-hour period"),
        ("It lasts 2 days", "It lasts 48 hours"),
        ("Up to 5 million rows", "Up to 5,000,000 rows"),
        ("It costs 20 dollars", "It costs $20"),
        ("a 12 percent rise", "a 12% rise"),
        ("two hundred and five users", "205 users"),
        ("Files up to 1 GB", "Files up to 1024 MB"),
        ("It needs version 2.0.1", "It needs v2.0.1"),
        ("a dozen users", "12 users"),
    ] {
        assert_eq!(
            compare(claim, evidence),
            NumberAgreement::default(),
            "{claim} / {evidence}"
        );
    }
}

#[test]
fn another_number_of_the_same_thing_conflicts() {
    for (claim, evidence) in [
        ("Refunds take 36 hours", "Refunds take 72 hours"),
        ("It costs $20", "It costs $25"),
        ("It costs €20", "It costs $20"),
        ("It opened in 1997", "It opened in 1998"),
        ("a 12 percent rise", "a 13% rise"),
        ("Open at 10:30", "Open at 10:45"),
        ("It needs v2.0.1", "It needs v2.0.2"),
        ("two admins", "three admins"),
    ] {
        assert!(compare(claim, evidence).conflict > 0.9, "{claim} / {evidence}");
    }
}

#[test]
fn a_number_that_belongs_to_another_subject_conflicts() {
    let evidence = "The Starter plan has 3 seats, the Team plan has 10 seats.";
    assert!(compare("The Starter plan has 10 seats", evidence).conflict > 0.9);
    assert_eq!(
        compare("The Team plan has 10 seats", evidence),
        NumberAgreement::default()
    );
}

#[test]
fn a_number_with_another_unit_is_missing() {
    let agreement = compare("It takes 30 days", "It takes 30 clicks");
    assert!(agreement.missing > 0.9 && agreement.other_unit);
}
