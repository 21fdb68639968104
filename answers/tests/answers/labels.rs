//! Answers from lines of a label and its value, as contact pages and receipts have them.
use crate::choosing::{abstained, answer, page};
use answers::AbstainCode;

const CONTACT: &str = "Opening hours: Monday to Friday, 9 am to 5 pm, closed on public holidays\nPhone: +44 20 7946 0991\n\
    E-mail: help@lumo.example\nReturns address: 4 Mill Lane, Leeds";

#[test]
fn the_line_with_the_label_that_is_asked_for_is_the_answer() {
    let contact = [page("Contact us", CONTACT)];
    for (question, line) in [
        ("What is the phone number?", "Phone: +44 20 7946 0991"),
        ("What is the email address?", "E-mail: help@lumo.example"),
        ("What is your e-mail?", "E-mail: help@lumo.example"),
        ("What is your email?", "E-mail: help@lumo.example"),
        (
            "What are the opening hours?",
            "Opening hours: Monday to Friday, 9 am to 5 pm, closed on public holidays",
        ),
        (
            "Which address do I send returns to?",
            "Returns address: 4 Mill Lane, Leeds",
        ),
    ] {
        assert_eq!(answer(question, &contact), [line], "{question}");
    }
}

#[test]
fn what_has_no_line_is_not_answered_with_another() {
    assert_eq!(
        abstained("What does delivery cost?", &[page("Contact us", CONTACT)]),
        AbstainCode::OffTopic
    );
}

#[test]
fn a_receipts_total_is_an_answer() {
    let receipt = "Invoice number: 2026-117\nSubtotal: $700.12\nTax: $121.02\nTotal: $821.14";
    assert_eq!(
        answer("What is the total?", &[page("Receipt", receipt)]),
        ["Total: $821.14"]
    );
}
