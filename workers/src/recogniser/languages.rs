/// BCP 47 and Tesseract's names for its data, where these are not ISO 639-2 of the same language alone.
const NAMES: [(&str, &str); 31] = [
    ("ar", "ara"),
    ("bg", "bul"),
    ("ca", "cat"),
    ("cs", "ces"),
    ("da", "dan"),
    ("de", "deu"),
    ("el", "ell"),
    ("en", "eng"),
    ("es", "spa"),
    ("et", "est"),
    ("fi", "fin"),
    ("fr", "fra"),
    ("he", "heb"),
    ("hi", "hin"),
    ("hu", "hun"),
    ("it", "ita"),
    ("ja", "jpn"),
    ("ko", "kor"),
    ("lt", "lit"),
    ("lv", "lav"),
    ("nl", "nld"),
    ("no", "nor"),
    ("pl", "pol"),
    ("pt", "por"),
    ("ro", "ron"),
    ("ru", "rus"),
    ("sv", "swe"),
    ("tr", "tur"),
    ("uk", "ukr"),
    ("vi", "vie"),
    ("zh", "chi_sim"),
];

const ENGLISH: &str = "eng";

/// What Tesseract is to read a page in: the base's language and those of the settings, as far as they are installed; otherwise English, or what there is.
/// Each takes time. As its option `-l` wants it: `deu+eng`.
pub(super) fn chosen(base: &str, more: &[String], installed: &[String]) -> String {
    let base = base.split(['-', '_']).next().unwrap_or_default();
    let of_base = NAMES
        .iter()
        .find(|(language, _)| *language == base)
        .map(|(_, name)| *name);
    let mut chosen: Vec<&str> = Vec::new();
    for name in of_base.into_iter().chain(more.iter().map(String::as_str)) {
        if installed.iter().any(|language| language == name) && !chosen.contains(&name) {
            chosen.push(name);
        }
    }
    if chosen.is_empty() {
        let english = installed.iter().find(|language| *language == ENGLISH);
        chosen.extend(english.or(installed.first()).map(String::as_str));
    }
    chosen.join("+")
}

#[cfg(test)]
mod tests {
    use super::chosen;

    #[test]
    fn a_page_is_read_in_the_language_of_its_base_where_that_is_installed() {
        let all = ["chi_sim", "deu", "eng", "fra"].map(str::to_owned);
        let more = ["fra", "jpn", "fra"].map(str::to_owned);
        assert_eq!(chosen("de", &[], &all), "deu");
        assert_eq!(chosen("de-AT", &more, &all), "deu+fra");
        assert_eq!(chosen("zh", &[], &all), "chi_sim");
        assert_eq!(chosen("pt", &[], &all), "eng");
        assert_eq!(chosen("xx", &[], &["swe".to_owned()]), "swe");
    }
}
