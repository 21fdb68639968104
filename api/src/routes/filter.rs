use crate::extract::Fields;
use retrieval::Filter;
use serde_json::Value;

const MAX_FILTER_BYTES: usize = 16 << 10;

/// `filter`, where there is one: what metadata must be like.
pub(super) fn read_filter(fields: &mut Fields) -> Option<Value> {
    let filter = fields.value("filter")?;
    if filter.to_string().len() > MAX_FILTER_BYTES {
        fields.error(
            "filter",
            "too_large",
            format!("must have at most {MAX_FILTER_BYTES} bytes as JSON"),
        );
    } else if let Err(errors) = Filter::parse(&filter) {
        for error in errors {
            // `/and/0/year` is field `filter.and.0.year`.
            let field = format!("filter{}", error.path.replace('/', "."));
            fields.error(&field, "invalid", error.message);
        }
    }
    Some(filter)
}
