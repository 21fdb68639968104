//! Search in languages other than English.

use retrieval::{Language, ReplicaOptions};

use crate::support::{Base, DIMENSIONS, document};

fn base(code: &str, texts: &[&str]) -> Base {
    let base = Base::with(ReplicaOptions::new(Language::from_code(code), "test-model", DIMENSIONS));
    base.put((1..).zip(texts).map(|(id, text)| document(id, text)).collect());
    base
}

#[test]
fn chinese_and_japanese_are_found_inside_any_language() {
    let texts = [
        "退款将在十四天内到账。",
        "返金は14日以内に行われます。",
        "Refunds via 支付宝 take longer.",
    ];
    for code in ["en", "zh", "ja"] {
        let base = base(code, &texts);
        assert_eq!(base.keyword("退款"), [1]);
        assert_eq!(base.keyword("返金はいつ")[0], 2);
        assert_eq!(base.keyword("支付宝"), [3]);
        assert_eq!(base.keyword("天"), [1], "a single character");
        assert!(base.keyword("款退").is_empty(), "order matters");
    }
}

#[test]
fn korean_particles_do_not_hide_a_word() {
    let base = base("ko", &["환불은 14일 이내에 처리됩니다.", "배송은 무료입니다."]);
    assert_eq!(base.keyword("환불")[0], 1);
}

#[test]
fn thai_is_found_without_spaces() {
    let base = base("th", &["การคืนเงินจะดำเนินการภายใน 14 วัน", "จัดส่งฟรี"]);
    assert_eq!(base.keyword("คืนเงิน")[0], 1);
}

#[test]
fn german_is_stemmed_and_umlauts_are_folded() {
    let base = base(
        "de",
        &[
            "Rückerstattungen dauern vierzehn Tage.",
            "Die Straße ist gesperrt.",
            "Kündigen Sie Ihr Konto.",
        ],
    );
    assert_eq!(base.keyword("rückerstattung"), [1]);
    assert_eq!(base.keyword("Ruckerstattung"), [1]);
    assert_eq!(base.keyword("STRASSE"), [2]);
    assert_eq!(base.keyword("die kündigung"), [3]);
}

#[test]
fn french_is_found_with_and_without_accents_and_articles() {
    let base = base(
        "fr",
        &[
            "Comment résilier l'abonnement ?",
            "Les factures sont envoyées par courriel.",
        ],
    );
    assert_eq!(base.keyword("résiliation abonnements"), [1]);
    assert_eq!(base.keyword("resilier"), [1]);
    assert_eq!(base.keyword("facture envoyee"), [2]);
    assert!(base.keyword("les l' par").is_empty(), "stop words");
}

#[test]
fn russian_greek_and_arabic_are_stemmed() {
    assert_eq!(
        base("ru", &["Возвраты обрабатываются", "Доставка"]).keyword("возврат"),
        [1]
    );
    let base_ru = base("ru", &["Отчёт о расходах", "Отчет за май", "Банка мёда"]);
    assert_eq!(base_ru.keyword("отчет"), base_ru.keyword("ОТЧЁТ"));
    assert_eq!(base_ru.keyword("отчёты").len(), 2);
    assert_eq!(base_ru.keyword("медом"), [3]);
    assert_eq!(
        base("el", &["Οι επιστροφές χρημάτων", "Αποστολή"]).keyword("επιστροφή"),
        [1]
    );
    assert_eq!(base("ar", &["المستخدمون الجدد", "الشحن"]).keyword("المستخدم"), [1]);
}

#[test]
fn a_language_without_rules_is_searched_by_plain_words() {
    let base = base("cs", &["Žádost o vrácení peněz", "Doprava zdarma"]);
    assert_eq!(base.keyword("vraceni"), [1]);
    assert_eq!(base.keyword("DOPRAVA"), [2]);
}
