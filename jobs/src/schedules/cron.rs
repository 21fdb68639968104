use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

/// The fields in their order, with what each may hold besides `*`.
const FIELDS: [(&str, &str); 5] = [
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of month", "1 to 31, or L for the last"),
    ("month", "1 to 12, or JAN to DEC"),
    (
        "day of week",
        "0 to 7 (0 and 7 are Sunday) or SUN to SAT, 5#2 for the second Friday, 5#L for the last",
    ),
];

const NICKNAMES: [(&str, &str); 5] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
];

/// The longest that months are, from January on.
const DAYS_OF_MONTHS: [u16; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// Reads a cron expression of five fields.
///
/// # Errors
/// For people: every field that cannot be read, by its place and name.
pub(super) fn parse(text: &str) -> Result<Cron, String> {
    let text = NICKNAMES
        .into_iter()
        .find_map(|(nickname, expression)| (nickname == text.trim()).then_some(expression))
        .unwrap_or(text);
    let fields: Vec<&str> = text.split_ascii_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Err(format!(
            "must have 5 fields (minute, hour, day of month, month, day of week) and has {}; seconds and years are not supported",
            fields.len()
        ));
    }
    let wrong: Vec<String> = fields
        .iter()
        .zip(FIELDS)
        .enumerate()
        .filter(|(at, (field, _))| !can_be_read(*at, field))
        .map(|(at, (field, (name, values)))| {
            let shown: String = field.chars().take(20).collect();
            format!(
                "field {} ({name}) cannot be `{shown}`: {values}, *, ranges a-b, steps */n or a-b/n, lists a,b",
                at + 1
            )
        })
        .collect();
    if !wrong.is_empty() {
        return Err(wrong.join("; "));
    }
    let cron = parser()
        .parse(&fields.join(" "))
        .map_err(|error| format!("cannot be read: {error}"))?;
    if can_match(&cron) {
        Ok(cron)
    } else {
        Err("never fires: none of its months has such a day".to_owned())
    }
}

fn parser() -> CronParser {
    CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .build()
}

/// Whether the field is right by itself. The parser lets more pass than is documented: empty entries of lists, `?`, `+` and `W`.
fn can_be_read(at: usize, field: &str) -> bool {
    let entries_are_plain = field.split(',').all(|entry| {
        let known = entry
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"*/-#".contains(&byte));
        // A bare L is a day of the month; what it would mean elsewhere is not documented.
        known && !entry.is_empty() && !entry.eq_ignore_ascii_case("W") && (at == 2 || !entry.eq_ignore_ascii_case("L"))
    });
    // W would be in WED too.
    let nearest_weekday = at == 2 && field.to_ascii_uppercase().contains('W');
    let mut alone = ["*"; FIELDS.len()];
    if let Some(place) = alone.get_mut(at) {
        *place = field;
    }
    entries_are_plain && !nearest_weekday && parser().parse(&alone.join(" ")).is_ok()
}

/// Whether any day matches: a search for the 30th of February would go through thousands of years.
fn can_match(cron: &Cron) -> bool {
    let pattern = &cron.pattern;
    let days = pattern.days.values();
    !pattern.is_dow_wildcard()
        || pattern.days.has_modifiers()
        || pattern
            .months
            .values()
            .into_iter()
            .filter_map(|month| DAYS_OF_MONTHS.get(usize::from(month).checked_sub(1)?))
            .any(|longest| days.iter().any(|day| day <= longest))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_the_documentation_lists_is_read() {
        for right in [
            "* * * * *",
            "*/15 0-6/2 1,15 JAN-MAR mon-FRI",
            "0 9 L * *",
            "0 9 * * 5#2",
            "0 9 * * 5#L",
            "0 9 * * SUN",
            "0 9 * * 7",
            "0 0 29 2 *",
            "@hourly",
            "@daily",
            "@weekly",
            "@monthly",
            "@yearly",
            " 5  4 * * * ",
        ] {
            assert!(parse(right).is_ok(), "{right}: {:?}", parse(right).err());
        }
    }

    #[test]
    fn what_is_wrong_is_named_by_its_field_all_at_once() {
        let said = parse("60 24 * 13 MONDAY").unwrap_err();
        for part in [
            "field 1 (minute)",
            "`60`",
            "field 2 (hour)",
            "`24`",
            "field 4 (month)",
            "field 5 (day of week)",
            "`MONDAY`",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(!said.contains("field 3"), "{said}");
    }

    #[test]
    fn nonsense_is_refused() {
        for wrong in [
            "",
            "*",
            "* * * *",
            "0 * * * * *",
            "* * * * * 2030",
            "@reboot",
            "@every 5m",
            "x@hourly",
            "*/0 * * * *",
            "5-1 * * * *",
            "1,,2 * * * *",
            ", * * * *",
            "L * * * *",
            "0 0 15W * *",
            "0 0 ? * *",
            "0 0 1 * +1",
            "0 0 * * L",
            "1.5 * * * *",
            "-1 * * * *",
            "0/5 * * * *",
            "/5 * * * *",
            "*/x * * * *",
            "99999999999999999999 * * * *",
            "\u{664} * * * *",
            "0 0 0 * *",
            "0 0 32 * *",
            "0 0 * 0 *",
            "0 0 * * 8",
            "0 0 * * 5#6",
            "1-2-3 * * * *",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_day_that_no_month_has_is_refused_at_once() {
        for never in ["0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "0 0 30-31 FEB *"] {
            assert!(parse(never).unwrap_err().contains("never fires"), "{never}");
        }
        assert!(parse("0 0 30 2 MON").is_ok(), "either day matches");
    }
}
