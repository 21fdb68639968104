use std::collections::HashMap;

use tantivy::tokenizer::TextAnalyzer;

/// Text beyond this many bytes of a query is not read.
const MAX_QUERY_BYTES: usize = 32 * 1024;
/// Tokens of a query, repetitions counted.
const MAX_QUERY_TOKENS: usize = 512;

/// The distinct terms of a query with the number of times each occurs, in order of first occurrence.
pub(crate) type QueryTerms = Vec<(String, u32)>;

/// Analyses a query's text. Nothing in it is syntax: quotes, colons and operators are separators like any other.
pub(crate) fn query_terms(analyzer: &mut TextAnalyzer, text: &str) -> QueryTerms {
    let text = text
        .get(..text.floor_char_boundary(MAX_QUERY_BYTES))
        .unwrap_or_default();
    let mut terms = QueryTerms::new();
    let mut place_of: HashMap<String, usize> = HashMap::new();
    let mut stream = analyzer.token_stream(text);
    let mut read = 0;
    while read < MAX_QUERY_TOKENS && stream.advance() {
        read += 1;
        let term = &stream.token().text;
        if let Some((_, count)) = place_of.get(term).and_then(|&place| terms.get_mut(place)) {
            *count += 1;
        } else {
            place_of.insert(term.clone(), terms.len());
            terms.push((term.clone(), 1));
        }
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::query_analyzer;
    use crate::language::Language;

    #[test]
    fn repeated_terms_are_counted_once_each() {
        let mut analyzer = query_analyzer(Language::English);
        let terms = query_terms(&mut analyzer, "Refund refunds (AND) \"refund\" title:invoice");
        assert_eq!(
            terms,
            [
                ("refund".to_owned(), 3),
                ("titl".to_owned(), 1),
                ("invoic".to_owned(), 1)
            ]
        );
    }

    #[test]
    fn a_query_of_a_megabyte_is_cut() {
        let mut analyzer = query_analyzer(Language::English);
        let words: String = (0..200_000).map(|n| format!("w{n} ")).collect();
        assert_eq!(query_terms(&mut analyzer, &words).len(), MAX_QUERY_TOKENS);
        assert!(query_terms(&mut analyzer, &"é".repeat(1 << 20)).is_empty());
        assert!(query_terms(&mut analyzer, &" ".repeat(1 << 20)).is_empty());
    }
}
