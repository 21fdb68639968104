//! The API accepts what the workers read: it knows nothing of the crate that parses.
use api::document_types::{EXTENSIONS, MEDIA_TYPES, media_type_of_file};
use documents::Format;
use std::collections::HashSet;

#[test]
fn every_media_type_that_is_accepted_is_read_and_every_format_is_accepted() {
    let accepted: HashSet<Format> = MEDIA_TYPES
        .iter()
        .map(|(media_type, _)| Format::of_media_type(media_type).unwrap_or_else(|| panic!("{media_type} is not read")))
        .collect();
    for format in Format::ALL {
        assert!(accepted.contains(&format), "{format:?} is not accepted");
        let own = format.media_type();
        assert!(
            MEDIA_TYPES.iter().any(|(media_type, _)| *media_type == own),
            "{own} is not accepted"
        );
    }
}

#[test]
fn every_extension_means_the_same_to_both() {
    for (extension, media_type) in EXTENSIONS {
        let name = format!("a.{}", extension.to_ascii_uppercase());
        assert_eq!(media_type_of_file(&name), Some(*media_type));
        assert_eq!(Format::of_file_name(&name), Format::of_media_type(media_type), "{name}");
        assert!(Format::of_file_name(&name).is_some(), "{name}");
    }
    let formats: HashSet<_> = EXTENSIONS
        .iter()
        .filter_map(|(_, of)| Format::of_media_type(of))
        .collect();
    assert_eq!(formats.len(), Format::ALL.len());
}
