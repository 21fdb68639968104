//! Chunks of real documents, counted by the model's own tokenizer.
use super::help_centre::local_model;
use documents::{ChunkOptions, Format, chunk, parse};
use integrations::embedding::{Embedder, LocalEmbedder};
use std::path::{Path, PathBuf};
use tests::{evaluation_data, workspace_root};
use tokenizers::Tokenizer;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

#[test]
fn no_chunk_has_more_tokens_than_the_model_reads_special_ones_and_headings_included() {
    let Some(settings) = local_model() else { return };
    let mut tokenizer = Tokenizer::from_file(settings.model_dir.join("tokenizer.json")).unwrap();
    tokenizer.with_padding(None);
    tokenizer.with_truncation(None).unwrap();
    let model = LocalEmbedder::new(settings);
    let options = ChunkOptions {
        max_tokens: model.model().max_tokens,
        overlap_tokens: 32,
    };
    let mut paths = Vec::new();
    files(&workspace_root().join("tests/data/declaration"), &mut paths);
    for folder in ["docs", "files"] {
        if let Some(folder) = evaluation_data(folder) {
            files(&folder, &mut paths);
        }
    }
    let (mut documents, mut chunks, mut most) = (0, 0, 0);
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy();
        let Some(Ok(document)) =
            Format::of_file_name(&name).map(|format| parse(&std::fs::read(&path).unwrap(), format))
        else {
            continue;
        };
        documents += 1;
        for chunk in chunk(
            &document,
            document.title.as_deref().unwrap_or(&name),
            &options,
            &|text: &str| model.count_tokens(text),
        ) {
            let tokens = tokenizer.encode_fast(chunk.embed_text.as_str(), true).unwrap().len();
            assert_eq!(tokens, chunk.tokens + 2, "{}: {}", path.display(), chunk.embed_text);
            assert!(tokens <= 256, "{}: {tokens}", path.display());
            chunks += 1;
            most = most.max(tokens);
        }
    }
    eprintln!("{documents} documents, {chunks} chunks, {most} tokens at most");
    assert!(documents >= 7 && most > 200);
}
