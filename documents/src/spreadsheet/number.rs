use calamine::{ExcelDateTime, ExcelDateTimeType};

/// From here on numbers of binary fractions are whole, and far more digits would be told than they have.
const ALL_WHOLE: f64 = 9_007_199_254_740_992.0;

/// Longer text is not told with each number.
const MAX_LITERAL_BYTES: usize = 40;

/// A number as its format code (ECMA-376 part 1 §18.8.31) shows it, with ISO dates, and without separators of thousands, which would
/// tear numbers apart for a search.
pub(crate) fn display_number(number: f64, code: &str) -> String {
    let section = section_for(number, code);
    let shown = Shown::of(section);
    if shown.date || shown.time || shown.elapsed {
        let kind = if shown.elapsed {
            ExcelDateTimeType::TimeDelta
        } else {
            ExcelDateTimeType::DateTime
        };
        return display_date(&ExcelDateTime::new(number, kind, false), code);
    }
    // A section of words alone stands for the number, and an empty one hides it.
    if shown.words_only || (section.trim().is_empty() && code.contains(';')) {
        return shown.words;
    }
    let scaled = number.abs() * 100_f64.powi(i32::from(shown.percents)) / 1000_f64.powi(i32::from(shown.thousands));
    if shown.general || !scaled.is_finite() {
        return general(number);
    }
    let decimals = usize::from(shown.decimals);
    let digits = match scaled < ALL_WHOLE {
        true => format!("{scaled:.decimals$}"),
        false if decimals == 0 => scaled.to_string(),
        false => format!("{scaled}.{}", "0".repeat(decimals)),
    };
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
    let digits = shown.divided(&digits);
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
    let rounded = format!("{number:.14e}")
        .parse()
        .ok()
        .filter(|rounded: &f64| rounded.is_finite());
    let rounded = rounded.unwrap_or(number);
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
    /// Digits before the point, shown or not.
    places: usize,
    /// What stands among them: `000-00-0000`, each after so many of them.
    within: Vec<(usize, String)>,
    /// What has stood since the last of them.
    since: String,
    /// Brackets open before the first digit: around a negative number, or closed among the digits.
    opens: bool,
    /// All its words and signs, in order.
    words: String,
    /// There are such, and neither digits nor anything else that stands for a number.
    words_only: bool,
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
                        shown.place();
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
                '$' | '€' | '£' | '¥' | '-' | '+' | '(' | ')' => shown.literal(has_digits, &c.to_string()),
                ' ' => {
                    shown.word(" ");
                    shown.among(" ");
                }
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
        shown.drop_separators();
        shown.words.truncate(shown.words.trim_end().len());
        shown.words_only = !is_date && !has_digits && !shown.general && !shown.words.is_empty();
        shown.general |= !is_date && !has_digits;
        shown.percents *= u8::from(!shown.general);
        shown
    }

    /// The next digit before the point. What stood after the last one stands among them then.
    fn place(&mut self) {
        let since = std::mem::take(&mut self.since);
        if self.places > 0 && !since.is_empty() {
            self.after.clear();
            self.within.push((self.places, since));
        }
        self.places += 1;
    }

    /// Text that may turn out to stand among the digits.
    fn among(&mut self, text: &str) {
        let bytes: usize = self.within.iter().map(|(_, text)| text.len()).sum();
        if self.places > 0 && bytes + self.since.len() + text.len() <= MAX_LITERAL_BYTES {
            self.since.push_str(text);
        }
    }

    /// Between groups of three digits, spaces and the like are separators of thousands.
    fn drop_separators(&mut self) {
        let is_separator = |text: &String| {
            text.chars()
                .all(|c| c.is_whitespace() || matches!(c, '\'' | '’' | '.' | ','))
        };
        let mut ends = self.within.iter().map(|(after, _)| *after);
        let are_threes = ends.all(|after| (self.places - after).is_multiple_of(3));
        if are_threes && self.within.iter().all(|(_, text)| is_separator(text)) {
            self.within.clear();
        }
    }

    /// The digits with what stands among them, but for what no digit stands before: numbers are shorter than their format.
    fn divided(&self, digits: &str) -> String {
        let whole = digits.find('.').unwrap_or(digits.len());
        let mut divided = String::new();
        let mut from = 0;
        for (after, text) in &self.within {
            let at = whole.saturating_sub(self.places - after);
            if at > 0 {
                divided.push_str(digits.get(from..at).unwrap_or_default());
                divided.push_str(text);
                from = at;
            }
        }
        divided.push_str(digits.get(from..).unwrap_or_default());
        // Brackets around some of the digits are no sign.
        match divided.contains(')') && self.opens {
            true => format!("({divided}"),
            false => divided,
        }
    }

    /// Text around the digits. Signs are not kept: brackets around a number say that it is negative.
    fn literal(&mut self, has_digits: bool, text: &str) {
        self.word(text);
        self.among(text);
        self.opens |= text == "(" && !has_digits;
        if matches!(text, "(" | ")" | "-" | "+") {
            return;
        }
        let side = if has_digits { &mut self.after } else { &mut self.before };
        if side.len() + text.len() <= MAX_LITERAL_BYTES {
            side.push_str(text);
        }
    }

    fn word(&mut self, text: &str) {
        if self.words.len() + text.len() <= MAX_LITERAL_BYTES {
            self.words.push_str(text);
        }
    }
}

/// The section of the code that shows the number: that whose condition it meets, or else by its sign, where the second is that of negative
/// numbers and the third that of zero.
fn section_for(number: f64, code: &str) -> &str {
    let sections = split_sections(code);
    let first = sections.first().copied().unwrap_or_default();
    let second = sections.get(1).copied().filter(|section| !section.contains('@'));
    let third = sections.get(2).copied().filter(|section| !section.contains('@'));
    let (of_first, of_second) = (condition(first), second.and_then(condition));
    if of_first.is_some() || of_second.is_some() {
        let meets = |condition: Option<Condition<'_>>| condition.is_some_and(|condition| condition.holds_for(number));
        return match (second, third) {
            _ if meets(of_first) => first,
            (Some(second), _) if meets(of_second) => second,
            (_, Some(third)) if of_first.is_some() && of_second.is_some() => third,
            (Some(second), _) if of_second.is_none() => second,
            _ => first,
        };
    }
    match (second, third) {
        (Some(second), _) if number < 0.0 => second,
        (_, Some(third)) if number == 0.0 => third,
        _ => first,
    }
}

/// What a section says of the numbers it is for: `[>=1000]`.
#[derive(Clone, Copy)]
struct Condition<'c> {
    comparison: &'c str,
    limit: f64,
}

fn condition(section: &str) -> Option<Condition<'_>> {
    section.split('[').find_map(|from| {
        let said = from.split_once(']')?.0;
        let limit = said.trim_start_matches(['<', '>', '=']);
        let comparison = said.get(..said.len() - limit.len()).filter(|sign| !sign.is_empty())?;
        let limit = limit.trim().parse().ok()?;
        Some(Condition { comparison, limit })
    })
}

impl Condition<'_> {
    fn holds_for(self, number: f64) -> bool {
        match self.comparison {
            "<" => number < self.limit,
            "<=" => number <= self.limit,
            ">" => number > self.limit,
            ">=" => number >= self.limit,
            "<>" => number != self.limit,
            _ => number == self.limit,
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
            (12.0, "0\\ \"pcs\"", "12 pcs"),
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
            (1_234_567_890_123_456.0, "0", "1234567890123456"),
            (1e22, "0.0", "10000000000000000000000.0"),
            (f64::MAX, "0%", "1.7976931348623157e308"),
            (123_456_789.0, "000-00-0000", "123-45-6789"),
            (12_345_678.0, "000\\-00\\-0000", "012-34-5678"),
            (-123.0, "0-00", "-1-23"),
            (5_551_234.0, "[<=9999999]###-####;(###) ###-####", "555-1234"),
            (
                4_255_551_234.0,
                "[<=9999999]###-####;\\(###\\) ###-####",
                "(425) 555-1234",
            ),
            (1_234.0, "(###) ###-####", "1234"),
            (1_234_567.5, "#\\ ##0.0", "1234567.5"),
            (1_234_567.0, "# ##0", "1234567"),
            (1_234_567.0, "#\"'\"##0\" CHF\"", "1234567 CHF"),
            (4_111_222_233_334_444.0, "0000 0000 0000 0000", "4111 2222 3333 4444"),
            (12_345.0, "00\".\"000\"-A\"", "12345-A"),
            (8_503_151_234.0, "000000-0000", "850315-1234"),
            (-1_234.0, "#,##0;(#,##0)", "-1234"),
        ] {
            assert_eq!(display_number(number, code), shown, "{code}");
        }
    }
    #[test]
    fn the_section_of_a_number_is_that_of_its_condition_or_its_sign() {
        let millions = "[>=1000000]0.0,,\"M\";[>=1000]0.0,\"K\";0";
        let free = "0.00;-0.00;\"free\"";
        let accounting = "_($* #,##0.00_);_($* \\(#,##0.00\\);_($* \"-\"??_);_(@_)";
        for (number, code, shown) in [
            (2_500_000.0, millions, "2.5M"),
            (1_500.0, millions, "1.5K"),
            (250.0, millions, "250"),
            (-5_000.0, millions, "-5000"),
            (50.0, "[<100]\"low\";0", "low"),
            (150.0, "[<100]\"low\";0", "150"),
            (7.0, "[=1]0\" day\";0\" days\"", "7 days"),
            (0.0, free, "free"),
            (1.0, free, "1.00"),
            (-1.0, free, "-1.00"),
            (1.0, "\"yes\";\"yes\";\"no\"", "yes"),
            (0.0, "\"yes\";\"yes\";\"no\"", "no"),
            (0.0, "0;-0;-", "-"),
            (0.0, "0;-0;;@", ""),
            (3.0, "0;-0;;@", "3"),
            (0.0, "0.0;@", "0.0"),
            (0.0, accounting, "$0"),
            (-3.0, accounting, "-$3.00"),
            (5.0, "[Red]General", "5"),
        ] {
            assert_eq!(super::display_number(number, code), shown, "{number} {code}");
        }
    }
}
