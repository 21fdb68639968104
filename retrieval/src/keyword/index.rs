use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use tantivy::merge_policy::NoMergePolicy;
use tantivy::query::Bm25StatisticsProvider;
use tantivy::schema::Value as _;
use tantivy::tokenizer::TextAnalyzer;
use tantivy::{DocAddress, Index, IndexReader, ReloadPolicy, Searcher, TantivyDocument, Term};

use super::compounds;
use super::directory::UnsyncedDirectory;
use super::schema::{ANALYZER, Fields, Rules};
use super::search::FieldBoosts;
use super::spelling::Dictionaries;
use super::statistics::{SharedStatistics, idf};
use crate::allowed::Allowed;
use crate::analysis::{QueryWord, ReadQuery, SpelledWords, analyzer, language_of};
use crate::change::IndexedDocument;
use crate::documents::DocumentNumber;
use crate::error::{Error, Result};
use crate::language::Language;

/// Chunks' texts are stored in compressed blocks of 16 KiB; this many stay unpacked a segment.
const CACHED_BLOCKS: usize = 16;
/// tantivy refuses to write with less memory than this.
const MIN_WRITER_MEMORY_BYTES: usize = 15_000_000;
/// What BM25 gives a term at most, in times of its rarity, however often it occurs: k1 + 1, with tantivy's k1 of 1.2.
const MOST_OF_TERM: f32 = 2.2;

pub(crate) struct KeywordIndex {
    index: Index,
    reader: IndexReader,
    pub(super) fields: Fields,
    language: Language,
    writer_memory_bytes: usize,
}

/// What is shown of a chunk.
pub(crate) struct StoredChunk {
    pub(crate) headings: Vec<String>,
    pub(crate) text: String,
    /// By whose rules it is indexed.
    pub(crate) language: Language,
}

impl KeywordIndex {
    /// Creates an empty index in `directory`, which must not hold one.
    pub(crate) fn create(directory: &Path, language: Language, writer_memory_bytes: usize) -> Result<Self> {
        fs::create_dir_all(directory).map_err(Error::io(directory))?;
        let files = UnsyncedDirectory::open(directory).map_err(tantivy::TantivyError::from)?;
        let index = Index::builder().schema(Fields::new().schema).open_or_create(files)?;
        Self::over(index, language, writer_memory_bytes)
    }

    /// Opens the index in `directory`; `None` when a file is damaged.
    pub(crate) fn open(directory: &Path, language: Language, writer_memory_bytes: usize) -> Result<Option<Self>> {
        let files = UnsyncedDirectory::open(directory).map_err(tantivy::TantivyError::from)?;
        let index = Index::open(files)?;
        if index.schema() != Fields::new().schema || !index.validate_checksum()?.is_empty() {
            return Ok(None);
        }
        Self::over(index, language, writer_memory_bytes).map(Some)
    }

    fn over(index: Index, language: Language, writer_memory_bytes: usize) -> Result<Self> {
        index.tokenizers().register(ANALYZER, analyzer(language));
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .doc_store_cache_num_blocks(CACHED_BLOCKS)
            .try_into()?;
        let writer_memory_bytes = writer_memory_bytes.max(MIN_WRITER_MEMORY_BYTES);
        Ok(Self {
            index,
            reader,
            fields: Fields::new(),
            language,
            writer_memory_bytes,
        })
    }

    /// The cursor of the last commit, 0 before the first; `None` when the commit carries something else.
    pub(crate) fn cursor(&self) -> Result<Option<u64>> {
        Ok(self
            .index
            .load_metas()?
            .payload
            .and_then(|payload| payload.parse().ok()))
    }

    /// Removes and adds documents in one commit that carries the cursor. Searchers see it after [`Self::reload`].
    ///
    /// The writer lives for this call only: held, it costs 3.5 MiB and six threads. Merges it starts are waited for,
    /// because dropping the writer would throw them away and segments would pile up.
    pub(crate) fn write<'a>(
        &self,
        removed: impl Iterator<Item = DocumentNumber>,
        added: impl Iterator<Item = (DocumentNumber, &'a IndexedDocument)>,
        cursor: u64,
    ) -> Result<()> {
        let mut writer = self
            .index
            .writer_with_num_threads::<TantivyDocument>(1, self.writer_memory_bytes)?;
        for number in removed {
            writer.delete_term(Term::from_field_u64(self.fields.document, number));
        }
        let mut analyzers: HashMap<Language, (TextAnalyzer, SpelledWords)> = HashMap::new();
        for (number, document) in added {
            let is_auto = self.language == Language::Auto;
            let language = match is_auto {
                true => language_of(document),
                false => self.language,
            };
            let (own, spelled) = analyzers
                .entry(language)
                .or_insert_with(|| (analyzer(language), SpelledWords::new(language)));
            let rules = Rules {
                language,
                own: is_auto.then_some(own),
                spelled,
            };
            for chunk in self.fields.chunks(number, document, rules) {
                writer.add_document(chunk)?;
            }
        }
        let mut commit = writer.prepare_commit()?;
        commit.set_payload(&cursor.to_string());
        commit.commit()?;
        Ok(writer.wait_merging_threads()?)
    }

    /// Rewrites every segment that holds removed documents, calls `published` so that no searcher needs the old ones, and deletes their files.
    /// The last commit's cursor stays.
    pub(crate) fn expunge(&self, published: impl FnOnce() -> Result<()>) -> Result<()> {
        let mut writer = self
            .index
            .writer_with_num_threads::<TantivyDocument>(1, self.writer_memory_bytes)?;
        // Otherwise the policy could merge some of them while this looks at them.
        writer.set_merge_policy(Box::new(NoMergePolicy));
        for segment in self.index.searchable_segment_metas()? {
            if segment.has_deletes() {
                writer.merge(&[segment.id()]).wait()?;
            }
        }
        published()?;
        writer.garbage_collect_files().wait()?;
        Ok(writer.wait_merging_threads()?)
    }

    pub(crate) fn reload(&self) -> Result<()> {
        Ok(self.reader.reload()?)
    }

    pub(crate) fn searcher(&self) -> Searcher {
        self.reader.searcher()
    }

    /// The languages that chunks are indexed in; of one that is no longer there, for as long as its chunks are not merged away.
    pub(crate) fn languages(&self, searcher: &Searcher) -> Result<Vec<Language>> {
        if self.language != Language::Auto {
            return Ok(vec![self.language]);
        }
        let mut codes = BTreeSet::new();
        for segment in searcher.segment_readers() {
            let inverted = segment.inverted_index(self.fields.language)?;
            let mut terms = inverted.terms().stream().map_err(tantivy::TantivyError::from)?;
            while terms.advance() {
                codes.insert(String::from_utf8_lossy(terms.key()).into_owned());
            }
        }
        Ok(codes.iter().map(|code| Language::from_code(code)).collect())
    }

    /// The words and their terms, as the base spells them where typos are tolerated (see [`Dictionaries`]) and no base that is searched beside it knows them, and their
    /// compounds (see [`compounds`]) in languages that write compounds as one word: by what of it is `seen`.
    pub(crate) fn terms(
        &self,
        (searcher, seen): (&Searcher, &Allowed),
        shared: Option<&SharedStatistics>,
        words: &[QueryWord],
        tolerate_typos: bool,
    ) -> Result<ReadQuery> {
        let languages = self.languages(searcher)?;
        let dictionaries = Dictionaries {
            searcher,
            seen,
            beside: shared,
            fields: &self.fields,
            languages: &languages,
        };
        let mut read = match tolerate_typos {
            true => dictionaries.corrected(words)?,
            false => ReadQuery::as_written(words),
        };
        if languages.into_iter().any(Language::joins_words) {
            compounds::add_compounds(searcher, seen, self.fields.body, words, &mut read.terms)?;
        }
        Ok(read)
    }

    /// What a chunk's score comes near to, and can hardly pass, that says nothing but the query's words: the sum over the words of how often each is asked for, times its rarity, times [`MOST_OF_TERM`]; a
    /// match in title and headings counted with their boosts. A word that stands for several terms is as rare as the rarest of them that chunks have, and one that no chunk has as if a single one had it; a word that is a stop word
    /// in one of the base's languages counts where there are no others.
    pub(crate) fn ceiling(
        &self,
        statistics: &dyn Bm25StatisticsProvider,
        words: &[QueryWord],
        boosts: FieldBoosts,
    ) -> Result<f32> {
        let all = statistics.total_num_docs()?;
        let only_stop_words = words.iter().all(|word| word.stop_word);
        let mut rarity = 0.0;
        for word in words.iter().filter(|word| only_stop_words || !word.stop_word) {
            let mut fewest: Option<u64> = None;
            for term in &word.terms {
                let chunks = statistics.doc_freq(&Term::from_field_text(self.fields.body, term))?;
                if chunks > 0 {
                    fewest = Some(fewest.map_or(chunks, |fewest| fewest.min(chunks)));
                }
            }
            rarity += word.count as f32 * idf(fewest.unwrap_or(1), all);
        }
        Ok(rarity * MOST_OF_TERM * (1.0 + boosts.title + boosts.headings))
    }

    pub(crate) fn stored(&self, searcher: &Searcher, address: DocAddress) -> Result<StoredChunk> {
        let document: TantivyDocument = searcher.doc(address)?;
        let strings = |field| {
            document
                .get_all(field)
                .filter_map(|value| value.as_str().map(str::to_owned))
        };
        Ok(StoredChunk {
            headings: strings(self.fields.heading).collect(),
            text: strings(self.fields.text).next().unwrap_or_default(),
            language: strings(self.fields.language)
                .next()
                .map(Language::from)
                .unwrap_or_default(),
        })
    }
}
