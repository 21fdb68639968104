use serde_json::{Map, Value, json};

/// What a search weighs otherwise than its bases say.
#[derive(clap::Args, Debug, Default)]
pub(super) struct Weighing {
    /// The vector leg's share of a weighted score, 0 to 1
    #[arg(long, value_name = "SHARE", value_parser = number)]
    alpha: Option<f64>,
    /// What a match in the title adds to the keyword score, 0 to 10
    #[arg(long, value_name = "FACTOR", value_parser = number)]
    title_boost: Option<f64>,
    /// What a match in the headings above a chunk adds to it, 0 to 10
    #[arg(long, value_name = "FACTOR", value_parser = number)]
    heading_boost: Option<f64>,
    /// Prefer newer documents: what holds the date ($updated_at, $created_at, $said.NAME or a member of the metadata), the days in which half of it is
    /// lost, and how much of the score that is about, from 0 to 1 (0.5 by default)
    #[arg(long, value_name = "FIELD:HALF_LIFE_DAYS[:WEIGHT]", value_parser = recency)]
    recency: Option<Value>,
}

impl Weighing {
    /// Adds what was given to the fields of the request.
    pub(super) fn add_to(self, fields: &mut Map<String, Value>) {
        let given = [
            ("alpha", self.alpha.map(Value::from)),
            ("title_boost", self.title_boost.map(Value::from)),
            ("heading_boost", self.heading_boost.map(Value::from)),
            ("recency", self.recency),
        ];
        let given = given.into_iter();
        fields.extend(given.filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
}

/// JSON has no others: they would be sent as nothing at all.
pub(super) fn number(text: &str) -> Result<f64, String> {
    let number = text.trim().parse::<f64>().ok();
    number
        .filter(|number| number.is_finite())
        .ok_or_else(|| "is no number".to_owned())
}

/// What the date is in may hold colons itself; what follows it are numbers.
fn recency(text: &str) -> Result<Value, String> {
    let wanted = || "must be FIELD:HALF_LIFE_DAYS or FIELD:HALF_LIFE_DAYS:WEIGHT, such as $updated_at:30".to_owned();
    let (before, last) = text.rsplit_once(':').ok_or_else(wanted)?;
    let last = number(last).map_err(|_| wanted())?;
    let with_weight = before
        .rsplit_once(':')
        .and_then(|(field, days)| Some((field, number(days).ok()?)));
    let (field, recency) = match with_weight {
        Some((field, days)) => (field, json!({"field": field, "half_life_days": days, "weight": last})),
        None => (before, json!({"field": before, "half_life_days": last})),
    };
    match field.is_empty() {
        true => Err(wanted()),
        false => Ok(recency),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        weighing: Weighing,
    }

    fn sent(arguments: &[&str]) -> Result<Value, clap::Error> {
        let line = ["search"].into_iter().chain(arguments.iter().copied());
        let mut fields = Map::new();
        Line::try_parse_from(line)?.weighing.add_to(&mut fields);
        Ok(fields.into())
    }

    #[test]
    fn only_what_is_given_is_weighed_otherwise() {
        assert_eq!(sent(&[]).unwrap(), json!({}));
        let given = sent(&["--alpha", "0.5", "--title-boost", "0", "--heading-boost", "2"]);
        assert_eq!(
            given.unwrap(),
            json!({"alpha": 0.5, "title_boost": 0.0, "heading_boost": 2.0})
        );
        assert!(sent(&["--alpha", "NaN"]).is_err() && sent(&["--title-boost", "much"]).is_err());
    }

    #[test]
    fn newer_documents_are_preferred_by_a_field_and_its_half_life() {
        for (text, expected) in [
            (
                "$updated_at:30",
                json!({"field": "$updated_at", "half_life_days": 30.0}),
            ),
            (
                "reviewed.on:0.5:1",
                json!({"field": "reviewed.on", "half_life_days": 0.5, "weight": 1.0}),
            ),
            ("dc:date:7", json!({"field": "dc:date", "half_life_days": 7.0})),
        ] {
            assert_eq!(
                sent(&["--recency", text]).unwrap(),
                json!({"recency": expected}),
                "{text}"
            );
        }
        for text in [
            "$updated_at",
            "$updated_at:",
            "$updated_at:soon",
            ":30",
            ":30:0.5",
            "30",
        ] {
            assert!(sent(&["--recency", text]).is_err(), "{text}");
        }
    }
}
