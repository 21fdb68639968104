use crate::Problem;
use crate::extract::{Caller, Fields};
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

/// What a publishable key is not shown, it does not find out by asking either. It may name the values that metadata are to have (a language, a product), and say
/// anything of what results show; it may not search through what metadata hold, nor ask for what a document says of itself or which source it is of.
///
/// # Errors
/// [`ProblemCode::Forbidden`](crate::ProblemCode::Forbidden), naming the condition.
pub(super) fn check_filter_of(caller: &Caller, filter: Option<&Value>) -> Result<(), Problem> {
    // One that cannot be read was refused before.
    let Some(Ok(filter)) = filter.map(Filter::parse) else {
        return Ok(());
    };
    for (name, names_values) in filter.conditions() {
        let is_hidden = name.starts_with("$said.") || name == "$source_id";
        if is_hidden || !(names_values || name.starts_with('$')) {
            caller.refuse_field_of_publishable(&format!("filter.{name}"))?;
        }
    }
    Ok(())
}
