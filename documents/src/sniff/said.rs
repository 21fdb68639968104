use crate::Format;

/// What the sender says of a document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Said<'s> {
    /// With its parameters; empty when nothing was said.
    pub media_type: &'s str,
    /// As on the sender's machine.
    pub file_name: Option<&'s str>,
}

impl<'s> Said<'s> {
    /// The format that the media type names, or else the file's name. A `.mdx` file sent as Markdown is MDX.
    #[must_use]
    pub fn format(&self) -> Option<Format> {
        let by_name = self.by_name();
        match Format::of_media_type(self.media_type) {
            Some(Format::Markdown) if by_name == Some(Format::Mdx) => by_name,
            Some(format) => Some(format),
            None => by_name,
        }
    }

    /// The format that the file's name stands for.
    pub(super) fn by_name(&self) -> Option<Format> {
        self.file_name.and_then(Format::of_file_name)
    }

    /// The `charset` parameter of the media type.
    #[must_use]
    pub fn charset(&self) -> Option<&'s str> {
        self.media_type.split(';').skip(1).find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            let value = value.trim().trim_matches('"');
            (name.trim().eq_ignore_ascii_case("charset") && !value.is_empty()).then_some(value)
        })
    }
}
