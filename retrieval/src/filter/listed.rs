use std::collections::HashSet;

use serde_json::{Number, Value};

use super::condition::whole;

/// The values of an `in`, made ready to be looked up: a document's list may have thousands of elements, and each is looked for once, not beside each value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Listed {
    texts: HashSet<String>,
    whole: HashSet<i128>,
    /// The same as floating point, which is how a number that is not whole is compared with them.
    whole_as_float: HashSet<u64>,
    /// Numbers that are not whole.
    floats: HashSet<u64>,
    /// Each of `true`, `false` and `null` at most once.
    others: Vec<Value>,
}

impl Listed {
    /// The same of other texts, as `write` gives them; nothing where something else is listed, or it refuses one.
    pub(super) fn rewritten(self, write: impl Fn(&Value) -> Option<Value>) -> Option<Self> {
        let is_of_texts = self.whole.is_empty() && self.floats.is_empty() && self.others.is_empty();
        if !is_of_texts {
            return None;
        }
        self.texts.into_iter().map(|text| write(&Value::String(text))).collect()
    }

    /// Whether one of the values is equal to this.
    pub(super) fn has(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.texts.contains(text),
            Value::Number(number) => self.has_number(number),
            other => self.others.contains(other),
        }
    }

    fn has_number(&self, number: &Number) -> bool {
        let is_among = |floats: &HashSet<u64>| float(number).is_some_and(|float| floats.contains(&float));
        match whole(number) {
            Some(whole) => self.whole.contains(&whole) || is_among(&self.floats),
            None => is_among(&self.floats) || is_among(&self.whole_as_float),
        }
    }

    fn add(&mut self, value: Value) {
        match value {
            Value::String(text) => {
                self.texts.insert(text);
            }
            Value::Number(number) => match whole(&number) {
                Some(whole) => {
                    self.whole.insert(whole);
                    self.whole_as_float.extend(float(&number));
                }
                None => self.floats.extend(float(&number)),
            },
            other if self.others.contains(&other) => {}
            other => self.others.push(other),
        }
    }
}

impl FromIterator<Value> for Listed {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> Self {
        let mut listed = Self::default();
        for value in values {
            listed.add(value);
        }
        listed
    }
}

/// What is the same for floating point numbers that are equal: JSON has none that is not a number.
fn float(number: &Number) -> Option<u64> {
    // Both zeros are equal.
    number.as_f64().map(|float| (float + 0.0).to_bits())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Listed;
    use crate::filter::condition::equal;

    #[test]
    fn what_is_looked_up_is_what_is_equal_to_one_of_the_values() {
        let large = (1_u64 << 53) + 1;
        let values = [
            json!("a"),
            json!("1"),
            json!(""),
            json!(1),
            json!(1.0),
            json!(1.5),
            json!(0),
            json!(-0.0),
            json!(-1),
            json!(large),
            json!(large - 1),
            json!(9_007_199_254_740_992.0),
            json!(u64::MAX),
            json!(u64::MAX - 1),
            json!(18_446_744_073_709_551_616.0),
            json!(i64::MIN),
            json!(true),
            json!(false),
            Value::Null,
            json!([1]),
            json!({"a": 1}),
        ];
        for listed in &values {
            for beside in &values {
                let looked_up: Listed = [listed.clone(), beside.clone()].into_iter().collect();
                for value in &values {
                    assert_eq!(
                        looked_up.has(value),
                        equal(value, listed) || equal(value, beside),
                        "{value} in [{listed}, {beside}]"
                    );
                }
            }
        }
        assert!(!Listed::default().has(&Value::Null));
    }

    #[test]
    fn a_value_that_is_listed_often_is_kept_once() {
        let values = [json!(true), json!("a"), json!(2), json!(2.5), Value::Null];
        let once: Listed = values.iter().cloned().collect();
        let often: Listed = values.iter().cycle().take(1000).cloned().collect();
        assert_eq!(often, once);
    }
}
