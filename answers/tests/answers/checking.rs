//! Claims that a source does not make, and that differ from it in little.
use answers::{NoVectors, Verdict, check};

fn verdict(claim: &str, source: &str) -> Verdict {
    check(claim, &[source], None, &NoVectors).claims[0].verdict
}

#[test]
fn what_differs_by_a_prefix_a_version_or_a_unit_is_not_supported() {
    for (claim, source) in [
        ("The fee is refundable.", "The fee is non-refundable."),
        ("The fee is non-refundable.", "The fee is refundable."),
        ("It needs Python 3.1.", "It needs Python 3.10."),
        ("Use release 1.10.", "Use release 1.1."),
        ("Orders ship within a day.", "Orders ship within a week."),
        ("The door opens inward.", "The door opens outward."),
    ] {
        assert_ne!(verdict(claim, source), Verdict::Supported, "{claim} by: {source}");
    }
}

#[test]
fn what_says_the_same_otherwise_is_supported() {
    for (claim, source) in [
        ("The fee is non-refundable.", "The fee is non-refundable."),
        ("It needs Python 3.10.", "It needs Python 3.10 or later."),
        ("Orders ship within a day.", "Orders ship within 24 hours."),
        ("Orders ship within one day.", "Orders ship within a day."),
    ] {
        assert_eq!(verdict(claim, source), Verdict::Supported, "{claim} by: {source}");
    }
}
