use crate::package::Properties;

/// Longer values are cut.
const MAX_VALUE_BYTES: usize = 4_000;

/// What the document says of itself, entry by entry.
#[derive(Default)]
pub(super) struct About {
    pub(super) properties: Properties,
    /// Of the entry being read.
    value: String,
    date: [i32; 5],
}

impl About {
    pub(super) fn begin_entry(&mut self) {
        self.value.clear();
        self.date = [0; 5];
    }

    pub(super) fn push(&mut self, text: &str) {
        if self.value.len() < MAX_VALUE_BYTES {
            self.value.push_str(text);
        }
    }

    pub(super) fn end_entry(&mut self, name: &str) {
        self.properties.add(name, &self.value);
    }

    /// A number of a date: `\yr2024\mo3\dy5\hr10\min30`.
    pub(super) fn date_part(&mut self, word: &str, number: i32) {
        let names = ["yr", "mo", "dy", "hr", "min"];
        for (part, name) in self.date.iter_mut().zip(names) {
            if word == name {
                *part = number;
            }
        }
    }

    pub(super) fn end_date(&mut self, name: &str) {
        let [year, month, day, hour, minute] = self.date;
        if year > 0 && (1..=12).contains(&month) && (1..=31).contains(&day) {
            let date = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:00");
            self.properties.add(name, &date);
        }
    }
}
