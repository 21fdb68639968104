//! Which sentence answers which kind of question.
use answers::{AbstainCode, Composition, NoVectors, Passage, compose};
use std::collections::HashMap;
use uuid::Uuid;

const LAMP: &str = "The Aurora lamp runs for 36 hours. It is not waterproof.";

pub(crate) fn passage(id: u128, title: &str, headings: &[&str], text: &str) -> Passage {
    Passage {
        chunk_id: Uuid::from_u128(id),
        document_id: Uuid::from_u128(id),
        title: title.to_owned(),
        headings: headings.iter().map(|heading| (*heading).to_owned()).collect(),
        text: text.to_owned(),
        score: 1.0,
        cosine: 0.0,
    }
}

pub(crate) fn page(title: &str, text: &str) -> Passage {
    passage(1, title, &[], text)
}

pub(crate) fn answer(question: &str, passages: &[Passage]) -> Vec<String> {
    match compose(question, passages, &NoVectors) {
        Composition::Answered(sentences) => sentences.into_iter().map(|sentence| sentence.text).collect(),
        Composition::Abstained { reason } => panic!("{question}: abstained, {reason:?}"),
    }
}

pub(crate) fn abstained(question: &str, passages: &[Passage]) -> AbstainCode {
    match compose(question, passages, &NoVectors) {
        Composition::Answered(sentences) => panic!("{question}: answered, {sentences:?}"),
        Composition::Abstained { reason } => reason.code,
    }
}

#[test]
fn each_question_about_the_lamp_gets_the_sentence_that_answers_it() {
    let lamps = [page("Lamps", LAMP)];
    assert_eq!(
        answer("How long does the Aurora lamp run?", &lamps),
        ["The Aurora lamp runs for 36 hours."]
    );
    assert_eq!(
        answer("Is the Aurora lamp waterproof?", &lamps).last().unwrap(),
        "It is not waterproof."
    );
}

#[test]
fn the_sentence_before_joins_only_to_name_what_no_heading_names() {
    let question = "Is the Aurora lamp waterproof?";
    assert_eq!(
        answer(question, &[page("Lamps", LAMP)]),
        ["The Aurora lamp runs for 36 hours.", "It is not waterproof."]
    );
    assert_eq!(
        answer(question, &[page("The Aurora lamp", LAMP)]),
        ["It is not waterproof."]
    );
}

#[test]
fn a_yes_no_question_is_not_answered_by_a_sentence_about_its_subject_alone() {
    let text = "The Aurora lamp runs for 36 hours. The Aurora lamp comes in red and blue.";
    assert_eq!(
        abstained("Is the Aurora lamp waterproof?", &[page("Lamps", text)]),
        AbstainCode::Undecided
    );
}

#[test]
fn an_opposite_decides_a_yes_no_question() {
    let text = "The serial number is printed on the base. The serial number is required for repairs.";
    assert_eq!(
        answer("Is the serial number optional?", &[page("Repairs", text)]),
        ["The serial number is required for repairs."]
    );
    let text = "Contacts can be imported from a file.";
    assert_eq!(
        abstained("Can contacts be exported?", &[page("Contacts", text)]),
        AbstainCode::Undecided
    );
}

#[test]
fn where_and_when_it_holds_may_stand_in_a_heading() {
    let text = "A trial lasts 21 days. You do not need a credit card to start.";
    assert_eq!(
        answer(
            "Do I need a credit card for the free trial?",
            &[page("The free trial", text)]
        ),
        ["You do not need a credit card to start."]
    );
}

#[test]
fn a_near_sentence_in_other_words_decides_and_one_that_shares_the_subject_does_not() {
    let (question, other_words) = ("Is the Aurora lamp waterproof?", "Rain does no harm to it.");
    let same_subject = "The Aurora lamp comes in red.";
    let vectors = |near: &str| -> HashMap<String, Vec<f32>> {
        [
            (question, vec![1.0, 0.0]),
            (near, vec![0.8, 0.6]),
            ("The Aurora lamp: Rain does no harm to it.", vec![0.0, 1.0]),
            ("The Aurora lamp: The Aurora lamp comes in red.", vec![0.0, 1.0]),
        ]
        .map(|(text, vector)| (text.to_owned(), vector))
        .into()
    };
    let passages = |text: &str| [page("The Aurora lamp", text)];
    assert!(matches!(
        compose(question, &passages(other_words), &vectors(other_words)),
        Composition::Answered(sentences) if sentences.len() == 1
    ));
    assert!(matches!(
        compose(question, &passages(same_subject), &vectors(same_subject)),
        Composition::Abstained { reason } if reason.code == AbstainCode::Undecided
    ));
}

#[test]
fn descriptions_of_a_page_are_not_quoted() {
    for description in [
        "Learn how to export a report.",
        "This guide explains how to export a report.",
        "In this article you export a report.",
        "How to export a report as a file.",
        "Use the following steps to export a report.",
        "To export a report you can do the following.",
    ] {
        let text = format!("{description}\n\nChoose Export in the menu of the report.");
        assert_eq!(
            answer("How are reports exported?", &[page("Export reports", &text)]),
            ["Choose Export in the menu of the report."],
            "{description}"
        );
    }
}

#[test]
fn an_opening_command_that_announces_its_page_is_no_instruction() {
    let text =
        "Set up weekly reports by email.\n\nIn the settings of your site you can enable weekly reports by email.";
    assert_eq!(
        answer(
            "How do I get weekly reports by email?",
            &[page("Reports by email", text)]
        ),
        ["In the settings of your site you can enable weekly reports by email."]
    );
}

#[test]
fn steps_come_with_what_introduces_them() {
    let text = "Reports hold numbers.\n\nTo export a report:\n\n1. Open the menu.\n2. Click Download.";
    assert_eq!(
        answer("How do I export a report?", &[page("Reports", text)]),
        ["To export a report:", "Open the menu.", "Click Download."]
    );
}

#[test]
fn steps_written_as_prose_come_whole() {
    let text = "A subscription runs for a month.\n\nLog in to your account.\n\nIn the top menu, choose Billing.\n\nClick Cancel subscription.";
    assert_eq!(
        answer(
            "How do I cancel my subscription?",
            &[page("Cancel your subscription", text)]
        ),
        [
            "Log in to your account.",
            "In the top menu, choose Billing.",
            "Click Cancel subscription."
        ]
    );
}

#[test]
fn the_steps_of_the_opposite_task_are_not_chosen() {
    let text = "## Disabling alerts\n\n1. Open the alerts page.\n2. Click Off.\n\n## In the settings\n\n\
        1. Open the settings.\n2. Click On.";
    assert_eq!(
        answer("How do I enable alerts?", &[page("Enabling alerts", text)]),
        ["Open the settings.", "Click On."]
    );
}

#[test]
fn the_steps_to_another_purpose_are_not_chosen() {
    let text = "To restore a backup of a workspace:\n\n1. Open the backups.\n2. Click Restore.\n\n## By hand\n\n\
        1. Open the menu.\n2. Click Save.";
    assert_eq!(
        answer(
            "How do I make a backup of a workspace?",
            &[page("Make a backup of a workspace", text)]
        ),
        ["Open the menu.", "Click Save."]
    );
}

#[test]
fn a_step_of_a_list_about_something_else_is_not_quoted() {
    let trial = passage(
        1,
        "After your trial",
        &[],
        "- Invite your colleagues\n- Set up backups to receive a copy\n- Choose a colour",
    );
    let backups = passage(2, "Backups", &[], "You can set up backups under Settings → Copies.");
    assert_eq!(
        answer("How do I set up backups?", &[trial, backups]),
        ["You can set up backups under Settings → Copies."]
    );
}

#[test]
fn what_something_is_gets_the_sentence_with_it_as_subject() {
    let text = "You can add a webhook in the settings. A webhook calls an address of yours. It is free.";
    assert_eq!(
        answer("What is a webhook?", &[page("Developers", text)]),
        ["A webhook calls an address of yours."]
    );
}

#[test]
fn who_where_and_why_get_a_person_a_place_and_a_reason() {
    let text = "Exports hold all data. Only owners start exports. Exports are kept on files.example.com. \
        Exports expire after a week. Exports expire because they hold personal data.";
    let exports = [page("Exports", text)];
    assert_eq!(answer("Who starts exports?", &exports), ["Only owners start exports."]);
    assert_eq!(
        answer("Where are exports kept?", &exports),
        ["Exports are kept on files.example.com."]
    );
    assert_eq!(
        answer("Why do exports expire?", &exports),
        ["Exports expire because they hold personal data."]
    );
}

#[test]
fn what_the_best_sentence_says_already_is_not_said_again() {
    let text = "Backups of a workspace in Dublin are kept for 35 days. Backups of a workspace in Dublin take 6 hours and need no help.";
    assert_eq!(
        answer(
            "How long are backups of a workspace in Dublin kept?",
            &[page("Backups", text)]
        ),
        ["Backups of a workspace in Dublin are kept for 35 days."]
    );
}

#[test]
fn a_line_that_says_no_more_than_the_question_is_no_answer() {
    let text = "TechMart Electronics\n\nRETURN POLICY\n\nReturns are taken back within 30 days with the receipt.";
    assert_eq!(
        answer("What is the return policy of TechMart?", &[page("Receipt", text)]),
        ["Returns are taken back within 30 days with the receipt."]
    );
    assert_eq!(
        abstained(
            "What is the return policy of TechMart?",
            &[page("Receipt", "The return policy of TechMart")]
        ),
        AbstainCode::NothingFound
    );
}

#[test]
fn the_name_of_the_product_alone_makes_no_answer() {
    let text = "Lantern Desk has three plans. Write to Lantern Desk for more.";
    let near = |id| Passage {
        cosine: 0.6,
        ..passage(id, "Lantern Desk", &[], text)
    };
    let passages: Vec<Passage> = (0..4).map(near).collect();
    assert_eq!(abstained("Who founded Lantern Desk?", &passages), AbstainCode::OffTopic);
}

#[test]
fn an_acronym_stands_for_its_words() {
    let text = "Passwords are long. Turn on MFA under Profile.";
    assert_eq!(
        answer(
            "How do I turn on multi-factor authentication?",
            &[page("Security", text)]
        ),
        ["Turn on MFA under Profile."]
    );
}

#[test]
fn a_sentence_too_short_to_stand_alone_brings_the_next_one() {
    let text = "Use a backup code. If none is left, an owner resets the account.\n\nPhones are small.";
    assert_eq!(
        answer(
            "I lost my phone and my backup codes",
            &[page("If you lose your phone", text)]
        ),
        ["Use a backup code.", "If none is left, an owner resets the account."]
    );
}

#[test]
fn politeness_does_not_change_what_is_asked() {
    let text = "The battery lasts longer in summer. The battery lasts 18 hours.";
    for question in [
        "How long does the battery last?",
        "Can you tell me how long the battery lasts?",
    ] {
        assert_eq!(
            answer(question, &[page("Devices", text)]),
            ["The battery lasts 18 hours."],
            "{question}"
        );
    }
}

#[test]
fn which_gets_a_name_and_not_a_denial() {
    let text = "We do not offer support by Skype. We answer in English or German.";
    assert_eq!(
        answer(
            "Which languages does support use?",
            &[passage(1, "Contact support", &["Languages"], text)]
        ),
        ["We answer in English or German."]
    );
}

#[test]
fn what_to_do_asks_for_instructions() {
    let text = "A key that has leaked may be used by anyone. Revoke a leaked key in the settings.";
    assert_eq!(
        answer("What should I do when a key has leaked?", &[page("Keys", text)]),
        ["Revoke a leaked key in the settings."]
    );
}

#[test]
fn one_word_does_not_stand_for_two_terms_of_the_question() {
    let text = "Sign the phone out when it is lost.";
    let near = Passage {
        cosine: 0.6,
        ..page("Lost phones", text)
    };
    assert_eq!(abstained("Can I have phone calls?", &[near]), AbstainCode::Undecided);
}

#[test]
fn a_list_of_steps_is_quoted_to_its_end() {
    for (items, step) in [
        (8, "Open page"),
        (12, "Open page"),
        (5, "Click the blue button. Then choose row"),
    ] {
        let steps: Vec<String> = (1..=items)
            .map(|number| format!("{number}. {step} {number}00."))
            .collect();
        let text = format!("To move your data:\n\n{}", steps.join("\n"));
        let said = answer("How do I move my data?", &[page("Moving", &text)]).join(" ");
        let expected: Vec<String> = (1..=items).map(|number| format!("{step} {number}00.")).collect();
        assert_eq!(said, format!("To move your data: {}", expected.join(" ")), "{items}");
    }
}

#[test]
fn how_to_change_a_value_asks_for_steps_and_not_for_the_value() {
    let text = "Prices are shown with taxes. To change the price of a product, open Products and click Edit.";
    assert_eq!(
        answer("How do I change the price of a product?", &[page("Products", text)]),
        ["To change the price of a product, open Products and click Edit."]
    );
    let text = "Uploads are scanned.\n\nTo set the maximum file size:\n\n1. Open Limits.\n2. Enter the size.";
    assert_eq!(
        answer("How do I set the maximum file size?", &[page("Uploads", text)]),
        ["To set the maximum file size:", "Open Limits.", "Enter the size."]
    );
}

#[test]
fn who_where_and_why_are_asked_of_prices_too() {
    let text = "Costs differ between plans because seats differ. Admins set the shipping costs. You see your fees under Settings → Fees. \
        The Team plan costs $29.";
    let costs = [page("Costs", text)];
    for (question, expected) in [
        (
            "Why do costs differ between plans?",
            "Costs differ between plans because seats differ.",
        ),
        ("Who sets shipping costs?", "Admins set the shipping costs."),
        ("Where do I see my fees?", "You see your fees under Settings → Fees."),
        ("What does the Team plan cost?", "The Team plan costs $29."),
        (
            "When I choose the Team plan, what does it cost?",
            "The Team plan costs $29.",
        ),
        ("How much does the Team plan cost?", "The Team plan costs $29."),
    ] {
        assert_eq!(answer(question, &costs), [expected], "{question}");
    }
}

#[test]
fn how_long_something_is_may_be_a_length() {
    let text = "A title has a font. A title can be 64 characters long. The cable is grey. The cable has a length of 2 metres. The warranty is \
        generous. The warranty runs for 2 years.";
    let lamp = [page("Lamp", text)];
    for (question, expected) in [
        ("How long can a title be?", "A title can be 64 characters long."),
        ("How long is the cable?", "The cable has a length of 2 metres."),
        ("How long is the warranty?", "The warranty runs for 2 years."),
    ] {
        assert_eq!(answer(question, &lamp), [expected], "{question}");
    }
    let colour = [page("Lamp", "The cable of the lamp is grey.")];
    assert_eq!(
        abstained("How long is the cable of the lamp?", &colour),
        AbstainCode::ValueNotGiven
    );
}

#[test]
fn a_name_is_known_in_every_form_that_a_passage_has_of_it() {
    let text = "It works with Shopify and Etsy. We ship to Zürich, São Paulo and Italy. Our Privacy Policy is on the site. Data moves to \
        PostgreSQL. Storage ends at 10 GB. Turn on MFA under Profile. Sign in by single sign-on.";
    let shop = [page("Shop", text)];
    for question in [
        "Does it work with Shopify?",
        "Does it work with SHOPIFY?",
        "DOES IT WORK WITH SHOPIFY?",
        "Does It Work With Shopify?",
        "Do you ship to Zürich?",
        "Do you ship to Zurich?",
        "Do you ship to São Paulo?",
        "Do you ship to Italy?",
        "Where is your Privacy Policy?",
        "WHERE IS YOUR PRIVACY POLICY?",
        "Where Is Your Privacy Policy?",
        "Does data move to Postgres?",
        "Hi there. Parcels are late. Do you ship to Italy?",
        "Does storage end at 10GB?",
        "How do I turn on Multi-Factor Authentication?",
        "How do I sign in by SSO?",
    ] {
        if let Composition::Abstained { reason } = compose(question, &shop, &NoVectors) {
            assert_ne!(reason.code, AbstainCode::UnknownName, "{question}: {}", reason.sentence);
        }
    }
    for question in [
        "Do you ship to Germany?",
        "Does it work with Sony?",
        "Do you ship to the US?",
    ] {
        assert_eq!(abstained(question, &shop), AbstainCode::UnknownName, "{question}");
    }
    assert_eq!(
        answer("Does it work with Shopify?", &shop),
        ["It works with Shopify and Etsy."]
    );
}
