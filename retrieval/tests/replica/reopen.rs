//! Closing, opening, and everything that must lead to a rebuild.

use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use retrieval::{Error, Language, Mode, Place, Replica, ReplicaOptions};
use serde_json::Value;
use uuid::Uuid;

use crate::support::{Base, document, ids, options, query};

const QUERY: [f32; 4] = [1.0, 0.0, 0.0, 0.0];

fn closed() -> Base {
    let base = Base::new();
    base.put((1..=30).map(|id| document(id, &format!("refund number{id}"))).collect());
    base.put(vec![document(1, "replaced refund")]);
    base.replica.close().unwrap();
    base
}

fn cursor_after_opening(directory: &Path, options: ReplicaOptions) -> u64 {
    let replica = Replica::open(directory, options).unwrap();
    let cursor = replica.cursor();
    let found = replica.search(&query(Mode::Hybrid, "refund", QUERY)).unwrap();
    assert_eq!(found.hits.is_empty(), cursor == 0);
    cursor
}

#[test]
fn a_closed_replica_opens_in_the_era_it_was_in_and_a_distrusted_one_is_built_anew() {
    let base = closed();
    let era = Some(Uuid::from_u128(7));
    let again = Replica::open(base.path(), options()).unwrap();
    again.apply(Vec::new(), Place { seq: 5, era }).unwrap();
    again.close().unwrap();
    let again = Replica::open(base.path(), options()).unwrap();
    assert_eq!(again.place().unwrap(), Place { seq: 5, era });
    again.distrust().unwrap();
    assert!(again.is_broken() && matches!(again.apply(Vec::new(), 6), Err(Error::Broken)));
    again.give_up();
    assert_eq!(cursor_after_opening(base.path(), options()), 0);
}

#[test]
fn a_closed_replica_opens_with_its_cursor_and_answers_alike() {
    let base = Base::new();
    base.put((1..=30).map(|id| document(id, &format!("refund number{id}"))).collect());
    base.put(vec![document(7, "replaced refund")]);
    let before: Vec<_> = [Mode::Keyword, Mode::Vector, Mode::Hybrid]
        .map(|mode| base.search(mode, "refund", QUERY))
        .into();
    base.replica.close().unwrap();
    for _ in 0..2 {
        let again = Replica::open(base.path(), options()).unwrap();
        assert_eq!((again.cursor(), again.chunk_count().unwrap()), (2, 30));
        let after: Vec<_> = [Mode::Keyword, Mode::Vector, Mode::Hybrid]
            .map(|mode| again.search(&query(mode, "refund", QUERY)).unwrap())
            .into();
        assert_eq!(before, after);
        again.close().unwrap();
    }
}

#[test]
fn changes_after_opening_again_are_kept_too() {
    let base = closed();
    let second = Replica::open(base.path(), options()).unwrap();
    second
        .apply(vec![retrieval::DocumentChange::Upsert(document(99, "late refund"))], 9)
        .unwrap();
    second.close().unwrap();
    let third = Replica::open(base.path(), options()).unwrap();
    assert_eq!((third.cursor(), third.document_count().unwrap()), (9, 31));
    assert_eq!(ids(&third.search(&query(Mode::Keyword, "late", QUERY)).unwrap()), [99]);
}

#[test]
fn a_replica_that_was_not_closed_is_rebuilt() {
    let base = closed();
    drop(Replica::open(base.path(), options()).unwrap());
    assert_eq!(cursor_after_opening(base.path(), options()), 0);
}

#[test]
fn a_replica_for_other_options_is_rebuilt() {
    let others = [
        ReplicaOptions {
            model: "other-model".to_owned(),
            ..options()
        },
        ReplicaOptions {
            language: Language::German,
            ..options()
        },
    ];
    for other in others {
        assert_eq!(cursor_after_opening(closed().path(), other), 0);
    }
    let base = closed();
    let wider = Replica::open(
        base.path(),
        ReplicaOptions {
            dimensions: 5,
            ..options()
        },
    )
    .unwrap();
    assert_eq!((wider.cursor(), wider.chunk_count().unwrap()), (0, 0));
}

#[test]
fn a_replica_in_the_format_of_an_older_release_is_rebuilt_and_leaves_none_of_its_files() {
    let base = closed();
    // As formats before 3 were: twice the bytes a value, in a file of another name.
    let older = base.path().join("vectors.f32");
    let halves = base.path().join("vectors.f16");
    let bytes = vec![0_u8; 2 * fs::read(&halves).unwrap().len()];
    fs::write(&older, &bytes).unwrap();
    fs::remove_file(&halves).unwrap();
    let marker = base.path().join("clean.json");
    let mut json: Value = serde_json::from_slice(&fs::read(&marker).unwrap()).unwrap();
    assert_eq!(json["format"], 8);
    json["format"] = 2.into();
    json["vectors_checksum"] = crc32fast::hash(&bytes).into();
    fs::write(&marker, json.to_string()).unwrap();
    assert_eq!(cursor_after_opening(base.path(), options()), 0);
    assert!(!older.exists());
    // Nor is a format that only a later release can read taken for ours.
    let base = closed();
    let marker = base.path().join("clean.json");
    let later = fs::read_to_string(&marker)
        .unwrap()
        .replace("\"format\":8", "\"format\":9");
    fs::write(&marker, later).unwrap();
    assert_eq!(cursor_after_opening(base.path(), options()), 0);
}

#[test]
fn the_writers_memory_may_change_without_a_rebuild() {
    let roomy = ReplicaOptions {
        writer_memory_bytes: 50_000_000,
        ..options()
    };
    assert_eq!(cursor_after_opening(closed().path(), roomy), 2);
}

#[test]
fn any_damaged_shortened_or_missing_file_leads_to_a_rebuild() {
    let count = content_files(closed().path()).len();
    assert!(count >= 5, "{count} files");
    for index in 0..count {
        for damage in [flip, cut, remove] {
            let base = closed();
            let file = content_files(base.path()).swap_remove(index);
            damage(&file);
            assert_eq!(cursor_after_opening(base.path(), options()), 0, "{}", file.display());
        }
    }
}

#[test]
fn a_directory_full_of_something_else_is_taken_over_without_deleting_it() {
    let directory = tempfile::TempDir::new().unwrap();
    fs::create_dir(directory.path().join("keyword")).unwrap();
    fs::write(directory.path().join("keyword/meta.json"), "not json").unwrap();
    fs::write(directory.path().join("clean.json"), "{}").unwrap();
    fs::write(directory.path().join("precious.txt"), "keep me").unwrap();
    assert_eq!(cursor_after_opening(directory.path(), options()), 0);
    assert!(directory.path().join("precious.txt").exists());
}

#[test]
fn a_directory_belongs_to_one_handle_until_it_is_closed() {
    let base = Base::new();
    base.put(vec![document(1, "refund")]);
    assert!(matches!(Replica::open(base.path(), options()), Err(Error::Locked(_))));
    base.replica.close().unwrap();
    base.replica.close().unwrap();
    let next = Replica::open(base.path(), options()).unwrap();
    assert_eq!(next.cursor(), 1);
    assert!(matches!(base.replica.apply(Vec::new(), 2), Err(Error::Closed)));
    assert_eq!(base.keyword("refund"), [1], "a closed replica still answers");
}

#[test]
fn a_change_that_fails_half_way_breaks_the_replica_until_it_is_opened_again() {
    let base = Base::new();
    base.put(vec![document(1, "refund")]);
    fs::remove_dir_all(base.path().join("keyword")).unwrap();
    let failed = base
        .replica
        .apply(vec![retrieval::DocumentChange::Upsert(document(2, "refund"))], 2);
    assert!(matches!(failed, Err(Error::Keyword(_))), "{failed:?}");
    assert!(matches!(base.replica.apply(Vec::new(), 3), Err(Error::Broken)));
    assert!(matches!(base.replica.close(), Err(Error::Broken)));
    let Base { directory, replica } = base;
    drop(replica);
    assert_eq!(cursor_after_opening(directory.path(), options()), 0);
}

#[test]
fn dimensions_out_of_range_are_refused() {
    let directory = tempfile::TempDir::new().unwrap();
    for dimensions in [0, 20_000] {
        let refused = Replica::open(
            directory.path(),
            ReplicaOptions {
                dimensions,
                ..options()
            },
        );
        assert!(matches!(refused, Err(Error::Dimensions { .. })));
    }
}

/// The files a closed replica needs, in a fixed order of kinds; locks and tantivy's list of own files are not content.
fn content_files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = [directory.to_path_buf(), directory.join("keyword")]
        .iter()
        .flat_map(|directory| fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()))
        .filter(|path| path.is_file())
        .filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            !name.ends_with(".lock") && name != ".managed.json"
        })
        .collect();
    files.sort_by_key(|path| (path.extension().map(ToOwned::to_owned), path.clone()));
    files
}

fn flip(file: &Path) {
    let bytes = fs::read(file).unwrap();
    // Well within the content: of small files of the index half is a footer, in which not each byte counts.
    let at = bytes.len() / 8;
    let mut opened = OpenOptions::new().write(true).open(file).unwrap();
    opened.seek(SeekFrom::Start(at as u64)).unwrap();
    opened.write_all(&[bytes[at] ^ 1]).unwrap();
}

fn cut(file: &Path) {
    let length = fs::metadata(file).unwrap().len();
    OpenOptions::new()
        .write(true)
        .open(file)
        .unwrap()
        .set_len(length - 3)
        .unwrap();
}

fn remove(file: &Path) {
    fs::remove_file(file).unwrap();
}
