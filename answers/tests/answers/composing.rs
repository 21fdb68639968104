use answers::{
    AbstainCode, Composition, NoVectors, Passage, SelectedSentence, Verdict, check, compose, sentences_to_embed,
};

use super::help_centre::retrieve;

fn answer(question: &str) -> Vec<SelectedSentence> {
    match compose(question, &retrieve(question), &NoVectors) {
        Composition::Answered(sentences) => sentences,
        Composition::Abstained { reason } => panic!("{question}: abstained, {reason:?}"),
    }
}

fn abstained(question: &str) -> Option<AbstainCode> {
    match compose(question, &retrieve(question), &NoVectors) {
        Composition::Answered(sentences) => {
            println!("answered all the same: {question}: {sentences:?}");
            None
        }
        Composition::Abstained { reason } => {
            assert!(reason.sentence.ends_with('.') && reason.sentence.len() > 20);
            Some(reason.code)
        }
    }
}

#[test]
fn questions_are_answered_with_the_sentence_that_says_it() {
    let cases = [
        ("How long does a refund take?", "36 hours"),
        ("How much does the Team plan cost?", "$29"),
        ("How many seats does the Starter plan have?", "3 seats"),
        ("Who can delete a workspace?", "Only owners"),
        ("Where is my data stored?", "Frankfurt"),
        ("How long does the battery last?", "18 hours"),
        ("Can I replace the battery myself?", "cannot be replaced"),
        ("Does the lamp support 5 GHz networks?", "does not support"),
        ("Do lamps float on water?", "float on water"),
        ("What is the email address of support?", "help@lumo.example"),
        ("Is return shipping free?", "Return shipping is free"),
        ("When does support answer?", "9:00"),
        ("How long are backups kept?", "35 days"),
        ("how do i export a report", "Export as CSV"),
        ("Where does Lumo Cloud send alerts?", "Slack"),
    ];
    for (question, expected) in cases {
        let sentences = answer(question);
        assert!(
            sentences.iter().any(|sentence| sentence.text.contains(expected)),
            "{question}: {sentences:?}"
        );
        assert!(sentences.len() <= 4);
    }
}

#[test]
fn a_near_vector_answers_what_words_alone_do_not() {
    let question = "Which chat tools get alerts?";
    assert_eq!(abstained(question), Some(AbstainCode::OffTopic));
    let near = retrieve(question)
        .into_iter()
        .map(|passage| Passage { cosine: 0.6, ..passage })
        .collect::<Vec<_>>();
    let Composition::Answered(sentences) = compose(question, &near, &NoVectors) else {
        panic!("abstained")
    };
    assert!(sentences[0].text.contains("Slack"));
}

#[test]
fn steps_come_whole_and_in_order() {
    let sentences = answer("How do I reset my password?");
    let items: Vec<&str> = sentences.iter().map(|sentence| sentence.text.as_str()).collect();
    let places: Vec<Option<usize>> = ["Forgot password", "Enter your", "Follow the link", "at least 12"]
        .iter()
        .map(|part| items.iter().position(|item| item.contains(part)))
        .collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{items:?}");
}

#[test]
fn questions_out_of_scope_are_declined() {
    let questions = [
        "What is the capital of France?",
        "Who won the football world cup in 2018?",
        "Write me a poem about the sea",
        "How do I bake sourdough bread?",
        "What is the meaning of life?",
        "Can you recommend a good hotel in Rome?",
        "how old is the universe",
        "Tell me a joke about cats",
        "What medicine helps against a headache?",
        "Translate good morning to Spanish",
    ];
    let declined = questions
        .iter()
        .filter(|question| abstained(question).is_some())
        .count();
    assert_eq!(declined, questions.len());
}

#[test]
fn near_misses_are_declined_with_the_right_code() {
    let cases = [
        ("How much does a replacement battery cost?", AbstainCode::ValueNotGiven),
        (
            "What is the price of return shipping to Norway?",
            AbstainCode::UnknownName,
        ),
        ("Does Lumo Cloud integrate with Salesforce?", AbstainCode::UnknownName),
        (
            "How many integrations does Lumo Cloud have?",
            AbstainCode::ValueNotGiven,
        ),
        (
            "How much does it cost to delete a workspace?",
            AbstainCode::ValueNotGiven,
        ),
    ];
    for (question, code) in cases {
        assert_eq!(abstained(question), Some(code), "{question}");
    }
    assert_eq!(abstained("???"), Some(AbstainCode::EmptyQuestion));
    assert_eq!(abstained("How do I do it?"), Some(AbstainCode::EmptyQuestion));
    let nothing = compose("Do lamps float?", &[], &NoVectors);
    assert!(matches!(nothing, Composition::Abstained { reason } if reason.code == AbstainCode::NothingFound));
}

#[test]
fn every_composed_sentence_passes_the_checker_against_its_chunk() {
    for question in [
        "How long does a refund take?",
        "How do I reset my password?",
        "Where is my data stored?",
        "Do lamps float on water?",
    ] {
        let passages = retrieve(question);
        for sentence in answer(question) {
            let chunk = passages
                .iter()
                .find(|passage| passage.chunk_id == sentence.chunk_id)
                .expect("a cited chunk");
            let report = check(&sentence.text, &[&chunk.text], Some(question), &NoVectors);
            assert!(
                report.claims.iter().all(|claim| claim.verdict == Verdict::Supported),
                "{}",
                sentence.text
            );
        }
    }
}

#[test]
fn headings_questions_and_repetitions_are_no_answers() {
    let text = "# Do lamps float?\n\nDo lamps float on water? Lamps float on water. Lamps float on water!\n\nFigure 1: lamps float on water.";
    let passage = Passage {
        text: text.to_owned(),
        ..retrieve("lamps").remove(0)
    };
    let Composition::Answered(sentences) = compose("Do lamps float on water?", &[passage.clone(), passage], &NoVectors)
    else {
        panic!("abstained");
    };
    assert_eq!(
        sentences
            .iter()
            .map(|sentence| sentence.text.as_str())
            .collect::<Vec<_>>(),
        ["Lamps float on water."]
    );
}

#[test]
fn what_to_embed_is_bounded_and_begins_with_the_question() {
    let text: String = (0..500)
        .map(|index| format!("Lamp number {index} floats on water. "))
        .collect();
    let passages = vec![
        Passage {
            text,
            ..retrieve("lamps").remove(0)
        };
        20
    ];
    let texts = sentences_to_embed("Do lamps float?", &passages);
    assert!(texts.len() <= answers::MAX_SENTENCES_TO_EMBED && texts[0] == "Do lamps float?");
}
