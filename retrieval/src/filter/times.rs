use serde_json::Value;

/// `0` stands for a digit.
const WHOLE: &str = "0000-00-00T00:00:00";
/// Where a time may end: after the year, the month, the day, the minute or the second.
const ENDS: [usize; 5] = [4, 7, 10, 16, 19];

pub(super) const WANTED: &str =
    "must be a time of RFC 3339 in UTC, such as 2030-01-31T08:00:00Z, or the beginning of one, such as 2030-01-31";

/// Whether documents' times are named by this: they are compared as texts, so that anything else could never hold, or would hold by chance.
pub(super) fn is_time_of_document(field: &str) -> bool {
    matches!(field, "$created_at" | "$updated_at")
}

/// As the times of documents are written, or nothing if it is no time in UTC.
pub(super) fn as_written(value: &Value) -> Option<Value> {
    let text = value.as_str()?;
    let utc = ["Z", "z", "+00:00", "-00:00"]
        .iter()
        .find_map(|zone| text.strip_suffix(zone));
    let time = utc.unwrap_or(text);
    let (time, fraction) = time
        .split_once('.')
        .map_or((time, None), |(time, fraction)| (time, Some(fraction)));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let has_shape = time.bytes().zip(WHOLE.bytes()).all(|(is, wanted)| match wanted {
        b'0' => is.is_ascii_digit(),
        b'T' => matches!(is, b'T' | b't' | b' '),
        wanted => is == wanted,
    });
    let is_whole = time.len() == WHOLE.len();
    let may_end = ENDS.contains(&time.len());
    if !has_shape || !may_end || (!is_whole && (utc.is_some() || fraction.is_some())) || !fraction.is_none_or(is_digits)
    {
        return None;
    }
    let zone = if utc.is_some() { "Z" } else { "" };
    // Their seconds are whole: a fraction is before the second that it is of, so that "since then" does not miss what was within the same.
    let fraction = fraction.map(|fraction| format!(".{fraction}")).unwrap_or_default();
    let time = time.to_ascii_uppercase().replace(' ', "T");
    Some(format!("{time}{fraction}{zone}").into())
}

#[cfg(test)]
mod tests {
    use super::as_written;
    use serde_json::{Value, json};

    #[test]
    fn a_time_in_utc_or_the_beginning_of_one_is_written_as_documents_have_it() {
        for (given, written) in [
            ("2026-11-30T08:00:00Z", "2026-11-30T08:00:00Z"),
            ("2026-11-30T08:00:00.123+00:00", "2026-11-30T08:00:00.123Z"),
            ("2026-11-30t08:00:00+00:00", "2026-11-30T08:00:00Z"),
            ("2026-11-30 08:00:00", "2026-11-30T08:00:00"),
            ("2026-11-30T08:00", "2026-11-30T08:00"),
            ("2026-11-30", "2026-11-30"),
            ("2026-11", "2026-11"),
            ("2026", "2026"),
        ] {
            assert_eq!(as_written(&json!(given)), Some(json!(written)), "{given}");
        }
        for given in [
            "yesterday",
            "",
            "2026-1-3",
            "2026-11-30T08:00:00+02:00",
            "2026-11-30Z",
            "30.11.2026",
            "2026-11-30T08",
        ] {
            assert_eq!(as_written(&json!(given)), None, "{given}");
        }
        assert_eq!(as_written(&json!(1_700_000_000)), None);
        assert_eq!(as_written(&Value::Null), None);
    }
}
