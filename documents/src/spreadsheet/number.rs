use calamine::{ExcelDateTime, ExcelDateTimeType};

/// A number as its format code (ECMA-376 part 1 §18.8.31) shows it, with ISO dates, and without separators of thousands, which would
/// tear numbers apart for a search.
pub(crate) fn display_number(number: f64, code: &str) -> String {
    let sections: Vec<&str> = split_sections(code);
    let (section, number) = match (sections.as_slice(), number < 0.0) {
        ([_, negative, ..], true) if !negative.contains('[') || negative.contains("[$") => (*negative, number),
        ([first, ..], _) => (*first, number),
        ([], _) => ("General", number),
    };
    let shown = Shown::of(section);
    if shown.date || shown.time || shown.elapsed {
        let kind = if shown.elapsed {
            ExcelDateTimeType::TimeDelta
        } else {
            ExcelDateTimeType::DateTime
        };
        return display_date(&ExcelDateTime::new(number, kind, false), code);
    }
    if shown.general || number.abs() >= 1e15 {
        return general(number);
    }
    let scaled = number.abs() * 100_f64.powi(i32::from(shown.percents)) / 1000_f64.powi(i32::from(shown.thousands));
    let digits = format!("{scaled:.*}", usize::from(shown.decimals));
    let digits = match shown.optional_decimals {
        true if digits.contains('.') => digits.trim_end_matches('0').trim_end_matches('.').to_owned(),
        _ => digits,
    };
    let whole = digits.find('.').unwrap_or(digits.len());
    let digits = "0".repeat(usize::from(shown.whole_digits).saturating_sub(whole)) + &digits;
    let sign = if number < 0.0 && digits.contains(|c: char| matches!(c, '1'..='9')) {
        "-"
    } else {
        ""
    };
    let percent = "%".repeat(usize::from(shown.percents));
    format!("{sign}{}{digits}{percent}{}", shown.before, shown.after)
}

/// A date, a time, both, or an elapsed time; the format code says which, or without one the value.
pub(super) fn display_date(value: &ExcelDateTime, code: &str) -> String {
    let shown = split_sections(code)
        .first()
        .map(|section| Shown::of(section))
        .unwrap_or_default();
    if value.is_duration() || shown.elapsed {
        let seconds = (value.as_f64() * 86_400.0).round();
        let sign = if seconds < 0.0 { "-" } else { "" };
        let seconds = seconds.abs().min(1e15) as u64;
        return format!("{sign}{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }
    let (year, month, day, hour, minute, second, milli) = value.to_ymd_hms_milli();
    // Rounding to whole seconds could carry into the day; a moment before the second is shown as it is.
    let second = if milli >= 999 && second < 59 {
        second + 1
    } else {
        second
    };
    let has_time = (hour, minute, second) != (0, 0, 0);
    let (date, time) = match (shown.date, shown.time) {
        (false, false) => (value.as_f64() >= 1.0 || !has_time, has_time),
        (date, time) => (date, time && (has_time || !date)),
    };
    let day_text = match (shown.date, shown.day, shown.month) {
        (true, false, true) if !time => format!("{year:04}-{month:02}"),
        (true, false, false) if !time => format!("{year:04}"),
        _ => format!("{year:04}-{month:02}-{day:02}"),
    };
    let time_text = match second {
        0 => format!("{hour:02}:{minute:02}"),
        _ => format!("{hour:02}:{minute:02}:{second:02}"),
    };
    match (date, time) {
        (true, true) => format!("{day_text} {time_text}"),
        (false, true) => time_text,
        _ => day_text,
    }
}

/// As Excel shows a number that has no format: whole numbers whole, others without the noise of binary fractions.
pub(super) fn general(number: f64) -> String {
    if !number.is_finite() {
        return String::new();
    }
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return format!("{:.0}", if number == 0.0 { 0.0 } else { number });
    }
    let rounded: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    match rounded.abs() {
        1e-5..1e15 => rounded.to_string(),
        _ => format!("{rounded:e}"),
    }
}

/// What a section of a format code shows.
#[derive(Debug, Default)]
struct Shown {
    general: bool,
    date: bool,
    day: bool,
    month: bool,
    time: bool,
    elapsed: bool,
    percents: u8,
    /// Commas behind the last digit: each shows a thousandth.
    thousands: u8,
    /// Digits before the point that are shown although they are 0.
    whole_digits: u8,
    decimals: u8,
    /// The last decimals are `#`: shown only where they are not zero.
    optional_decimals: bool,
    before: String,
    after: String,
}

impl Shown {
    fn of(section: &str) -> Shown {
        let mut shown = Shown::default();
        let mut has_digits = false;
        let mut in_decimals = false;
        let mut commas = 0;
        let mut months = 0;
        let mut characters = section.chars();
        while let Some(c) = characters.next() {
            match c {
                '"' => {
                    let text: String = characters.by_ref().take_while(|c| *c != '"').collect();
                    shown.literal(has_digits, &text);
                }
                '[' => {
                    let text: String = characters.by_ref().take_while(|c| *c != ']').collect();
                    match text.strip_prefix('$') {
                        Some(currency) => {
                            let sign = currency.split('-').next().unwrap_or_default();
                            shown.literal(has_digits, sign);
                        }
                        None if matches!(text.to_ascii_lowercase().as_str(), "h" | "hh" | "m" | "mm" | "s" | "ss") => {
                            shown.elapsed = true;
                        }
                        None => {}
                    }
                }
                '\\' => {
                    let next: String = characters.next().into_iter().collect();
                    shown.literal(has_digits, &next);
                }
                '_' | '*' => {
                    characters.next();
                }
                '0' | '#' | '?' => {
                    has_digits = true;
                    commas = 0;
                    if !in_decimals {
                        shown.whole_digits = (shown.whole_digits + u8::from(c == '0')).min(30);
                    }
                    if in_decimals {
                        shown.decimals = (shown.decimals + 1).min(15);
                        shown.optional_decimals = c != '0';
                    }
                }
                ',' if has_digits => commas = (commas + 1).min(5),
                '.' => {
                    in_decimals = true;
                    shown.thousands += std::mem::take(&mut commas);
                }
                '%' => shown.percents = (shown.percents + 1).min(3),
                'y' | 'Y' => shown.date = true,
                'd' | 'D' => (shown.date, shown.day) = (true, true),
                'h' | 'H' | 's' | 'S' => shown.time = true,
                'm' | 'M' => months += 1,
                '$' | '€' | '£' | '¥' => shown.literal(has_digits, &c.to_string()),
                'E' | 'e' | '/' | '@' if has_digits || c == '@' => shown.general = true,
                'G' | 'g' => {
                    shown.general = true;
                    break;
                }
                _ => {}
            }
        }
        // Minutes beside hours or seconds, months elsewhere.
        shown.month = months > 0 && !shown.time && !shown.elapsed || shown.date && months > 0;
        shown.date |= shown.month;
        let is_date = shown.date || shown.time || shown.elapsed;
        shown.thousands += commas;
        shown.general |= !is_date && !has_digits;
        shown.percents *= u8::from(!shown.general);
        shown
    }

    /// Text around the digits. Signs are not kept: brackets around a number say that it is negative.
    fn literal(&mut self, has_digits: bool, text: &str) {
        if matches!(text, "(" | ")" | "-" | "+") {
            return;
        }
        let side = if has_digits { &mut self.after } else { &mut self.before };
        if side.len() + text.len() <= 40 {
            side.push_str(text);
        }
    }
}

fn split_sections(code: &str) -> Vec<&str> {
    let mut quoted = false;
    let mut escaped = false;
    code.split(move |c: char| {
        let literal = std::mem::take(&mut escaped) || quoted && c != '"';
        match c {
            _ if literal => false,
            '"' => {
                quoted = !quoted;
                false
            }
            '\\' => {
                escaped = true;
                false
            }
            c => c == ';',
        }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::display_number;

    #[test]
    fn numbers_are_shown_as_formatted() {
        for (number, code, shown) in [
            (3.0, "General", "3"),
            (0.1 + 0.2, "General", "0.3"),
            (-1.5e20, "General", "-1.5e20"),
            (0.125, "0.0%", "12.5%"),
            (0.5, "0%", "50%"),
            (1234.5, "#,##0.00", "1234.50"),
            (1234.5, "\"$\"#,##0.00", "$1234.50"),
            (-3.0, "#,##0.00 [$€-407];[Red]-#,##0.00 [$€-407]", "-3.00€"),
            (2.5, "0.###", "2.5"),
            (-0.4, "0", "0"),
            (-17.0, "#,##0_);\\(#,##0\\)", "-17"),
            (12.0, "0\" pcs\"", "12 pcs"),
            (1_500_000.0, "0.0,,", "1.5"),
            (1_500_000.0, "0.0,,\"M\"", "1.5M"),
            (12_500.0, "$#,##0,\\K", "$12K"),
            (12_600.0, "#,##0,.0\" k\"", "12.6 k"),
            (2_134.0, "00000", "02134"),
            (-7.5, "000.0", "-007.5"),
            (1_234_567.0, "#,##0", "1234567"),
            (0.5, "#,##0.00", "0.50"),
            (1.5, "# ?/?", "1.5"),
            (45_000.0, "dd/mm/yyyy", "2023-03-15"),
            (45_000.75, "yyyy-mm-dd hh:mm", "2023-03-15 18:00"),
            (45_000.0, "mmm yy", "2023-03"),
            (0.25, "h:mm AM/PM", "06:00"),
            (1.5, "[h]:mm", "36:00:00"),
        ] {
            assert_eq!(display_number(number, code), shown, "{code}");
        }
    }
}
