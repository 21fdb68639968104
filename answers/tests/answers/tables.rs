//! Answers from rows of tables.
use crate::choosing::{abstained, answer, page, passage};
use answers::AbstainCode;

#[test]
fn a_row_of_a_table_comes_under_its_header_and_only_when_it_is_named() {
    let text = "Prices have no VAT.\n\nPlan | Monthly | Inboxes\nStarter | €12 | 2\nTeam | €29 | 10";
    let plans = [page("Plans", text)];
    assert_eq!(
        answer("How much does the Team plan cost?", &plans),
        ["Plan | Monthly | Inboxes", "Team | €29 | 10"]
    );
    assert_eq!(
        abstained("How much does an inbox cost?", &plans),
        AbstainCode::ValueNotGiven
    );
}

#[test]
fn what_a_table_says_of_the_thing_that_is_asked_about_comes_before_what_is_said_in_general() {
    let warranty =
        "The kettle has a warranty of seven years from the date of purchase.\n\nModel | Years\nK1 | 7\nK2 | 3\nK9 | 12";
    let shipping = "We ship within five working days.\n\nCountry | Cost | Days\nGermany | 5 EUR | 2\nFrance | 9 EUR | 4\nNorway | 19 EUR | 8";
    let pages = [page("Warranty", warranty), passage(2, "Shipping", &[], shipping)];
    for (question, row) in [
        ("How long is the warranty of the K9?", "K9 | 12"),
        ("How many years of warranty does model K2 have?", "K2 | 3"),
        ("How many days does shipping to France take?", "France | 9 EUR | 4"),
        ("How long does shipping to Norway take?", "Norway | 19 EUR | 8"),
        ("What does shipping to Germany cost?", "Germany | 5 EUR | 2"),
    ] {
        let said = answer(question, &pages);
        assert!(said.contains(&row.to_owned()), "{question}: {said:?}");
        assert!(said.iter().all(|said| said.contains(" | ")), "{question}: {said:?}");
    }
    assert_eq!(
        answer("How long is the warranty?", &pages),
        ["The kettle has a warranty of seven years from the date of purchase."]
    );
    let plans = "You cannot downgrade to Starter while the workspace has more than 3 agents.\n\nPlan | Agents\nStarter | 3\nTeam | up to 25";
    assert_eq!(
        answer(
            "How many agents does the Team plan allow?",
            &[page("Plans and prices", plans)]
        ),
        ["Plan | Agents", "Team | up to 25"]
    );
}
