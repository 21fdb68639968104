//! Altered copies of a sentence must not be supported. Each list states how many of its pairs must be caught; where that is not
//! all of them, the rest is a known limit (docs/CHECKER.md).
use answers::{NoVectors, Reason, Verdict, check};

fn caught(pairs: &[(&str, &str)], kind: &str) -> usize {
    let rejected = pairs.iter().filter(|(source, claim)| {
        let report = check(claim, &[source], None, &NoVectors);
        let rejected = report.claims.iter().any(|claim| claim.verdict != Verdict::Supported);
        if !rejected {
            println!("{kind} not caught: {claim} | {source}");
        }
        rejected
    });
    rejected.count()
}

#[test]
fn a_changed_number_is_rejected() {
    let pairs = [
        ("Refunds are paid within 36 hours.", "Refunds are paid within 72 hours."),
        (
            "The Team plan costs $20 per month.",
            "The Team plan costs $25 per month.",
        ),
        (
            "Each workspace holds up to 1,000 files.",
            "Each workspace holds up to 10,000 files.",
        ),
        ("Uploads may be 25 MB at most.", "Uploads may be 25 GB at most."),
        (
            "A session ends after thirty minutes without activity.",
            "A session ends after 13 minutes without activity.",
        ),
        (
            "The kettle was recalled in March 2019.",
            "The kettle was recalled in March 2021.",
        ),
        ("Version 2.4.1 fixes the crash.", "Version 2.4.2 fixes the crash."),
        ("Availability was 99.9% last year.", "Availability was 99.5% last year."),
        (
            "The Starter plan has 3 seats, the Team plan has 10 seats.",
            "The Starter plan has 10 seats.",
        ),
        ("Backups are kept for two weeks.", "Backups are kept for two months."),
        (
            "Support is open from 9:00 to 17:30.",
            "Support is open from 9:00 to 18:30.",
        ),
    ];
    assert_eq!(caught(&pairs, "number"), pairs.len());
}

#[test]
fn a_changed_name_is_rejected() {
    let pairs = [
        ("Tickets can be sent to Zendesk.", "Tickets can be sent to Jira."),
        (
            "The company was founded by Maria Lindqvist.",
            "The company was founded by Maria Johansson.",
        ),
        (
            "The song was written by Roger Nichols.",
            "The song was written by Brian Nichols.",
        ),
        (
            "Set MAX_RETRIES to limit attempts.",
            "Set RETRY_LIMIT to limit attempts.",
        ),
        (
            "Write to help@lumo.example for a refund.",
            "Write to sales@lumo.example for a refund.",
        ),
        ("Edit config.toml and restart.", "Edit settings.toml and restart."),
        ("Data is stored in Frankfurt.", "Data is stored in Dublin."),
        ("Sign in with SAML.", "Sign in with LDAP."),
        ("Send a POST to /v1/answers.", "Send a POST to /v1/replies."),
    ];
    assert_eq!(caught(&pairs, "name"), pairs.len());
}

#[test]
fn a_changed_negation_is_rejected() {
    let pairs = [
        ("The lamp floats on water.", "The lamp does not float on water."),
        ("Guests cannot delete files.", "Guests can delete files."),
        (
            "Deleted workspaces are never restored.",
            "Deleted workspaces are restored.",
        ),
        ("The app works without an account.", "The app works with an account."),
        (
            "No credit card is required for the trial.",
            "A credit card is required for the trial.",
        ),
        ("Exports include comments.", "Exports don't include comments."),
        (
            "The importer fails to read encrypted archives.",
            "The importer reads encrypted archives.",
        ),
        ("Archived tickets are not counted.", "Archived tickets are counted."),
        ("The battery is replaceable.", "The battery isn't replaceable."),
    ];
    assert_eq!(caught(&pairs, "negation"), pairs.len());
}

#[test]
fn swapped_roles_are_rejected() {
    let pairs = [
        ("Admins invite members.", "Members invite admins."),
        (
            "The buyer pays the seller after delivery.",
            "The seller pays the buyer after delivery.",
        ),
        ("Anna reports to Bernd.", "Bernd reports to Anna."),
        (
            "The server signs the token before the client sends it.",
            "The client sends the token before the server signs it.",
        ),
        ("Move files from Drive to Dropbox.", "Move files from Dropbox to Drive."),
        (
            "The worker locks the row and the reader waits.",
            "The reader locks the row and the worker waits.",
        ),
        ("Lumo acquired Brightly in spring.", "Brightly acquired Lumo in spring."),
        (
            "The red cable is longer than the blue cable.",
            "The blue cable is longer than the red cable.",
        ),
        (
            "Managers approve requests of employees.",
            "Employees approve requests of managers.",
        ),
    ];
    assert_eq!(caught(&pairs, "role swap"), pairs.len());
}

#[test]
fn an_opposite_word_is_rejected() {
    let pairs = [
        (
            "Two-factor login is enabled by default.",
            "Two-factor login is disabled by default.",
        ),
        (
            "Back up the database before the upgrade.",
            "Back up the database after the upgrade.",
        ),
        ("Prices increase in January.", "Prices decrease in January."),
        ("The firewall allows port 443.", "The firewall blocks port 443."),
        ("The repository is public.", "The repository is private."),
        ("The phone number is optional.", "The phone number is required."),
        ("Syncs run automatically.", "Syncs run manually."),
        ("The ban is permanent.", "The ban is temporary."),
        ("Invoices are sent monthly.", "Invoices are sent yearly."),
    ];
    assert_eq!(caught(&pairs, "antonym"), pairs.len());
}

#[test]
fn a_changed_quantifier_is_rejected() {
    let pairs = [
        (
            "Some plans include single sign-on.",
            "All plans include single sign-on.",
        ),
        (
            "A password has at least 12 characters.",
            "A password has at most 12 characters.",
        ),
        ("Only owners can close an account.", "All owners can close an account."),
        ("Users may set a nickname.", "Users must set a nickname."),
        ("Most orders arrive the next day.", "All orders arrive the next day."),
        ("Admins can export reports.", "Only admins can export reports."),
        (
            "Uploads are sometimes scanned twice.",
            "Uploads are always scanned twice.",
        ),
        (
            "All messages are encrypted.",
            "Some messages are encrypted, but no messages are signed.",
        ),
        ("Up to 5 guests may join.", "At least 5 guests may join."),
    ];
    assert_eq!(caught(&pairs, "quantifier"), pairs.len());
}

#[test]
fn a_rejected_claim_says_why() {
    let report = check("Refunds take 72 hours.", &["Refunds take 36 hours."], None, &NoVectors);
    assert_eq!(report.claims[0].verdict, Verdict::Contradicted);
    assert_eq!(report.claims[0].reasons, [Reason::NumberMismatch]);
    assert_eq!(report.claims[0].evidence[0].quote, "Refunds take 36 hours.");
    assert!(report.score < 0.5);
}

#[test]
fn a_claim_about_something_else_is_unsupported() {
    for claim in [
        "Paris is the capital of France.",
        "We ship to Norway by drone.",
        "The warranty covers water damage.",
    ] {
        let report = check(
            claim,
            &["Refunds take 36 hours. The lamp floats on water."],
            None,
            &NoVectors,
        );
        assert_eq!(report.claims[0].verdict, Verdict::Unsupported, "{claim}");
    }
}
