use super::QdrantPoint;
use qdrant_client::qdrant::condition::ConditionOneOf;
use qdrant_client::qdrant::r#match::MatchValue;
use qdrant_client::qdrant::point_id::PointIdOptions;
use qdrant_client::qdrant::{Condition, Filter, PointId};
use tonic::Status;

/// Whether the point passes; an error for what the double does not know.
pub(super) fn matches(filter: &Filter, id: &str, point: &QdrantPoint) -> Result<bool, Status> {
    if !filter.should.is_empty() || filter.min_should.is_some() {
        return Err(Status::unimplemented("should"));
    }
    for condition in &filter.must {
        if !holds(condition, id, point)? {
            return Ok(false);
        }
    }
    for condition in &filter.must_not {
        if holds(condition, id, point)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn holds(condition: &Condition, id: &str, point: &QdrantPoint) -> Result<bool, Status> {
    match &condition.condition_one_of {
        Some(ConditionOneOf::HasId(ids)) => Ok(ids.has_id.iter().any(|wanted| uuid_of(wanted) == id)),
        Some(ConditionOneOf::Field(field)) => {
            let value = point.text(&field.key);
            match field.r#match.as_ref().and_then(|wanted| wanted.match_value.as_ref()) {
                Some(MatchValue::Keyword(wanted)) => Ok(value == wanted),
                Some(MatchValue::Keywords(wanted)) => Ok(wanted.strings.iter().any(|wanted| wanted == value)),
                _ => Err(Status::unimplemented("match")),
            }
        }
        _ => Err(Status::unimplemented("condition")),
    }
}

pub(super) fn uuid_of(id: &PointId) -> &str {
    match &id.point_id_options {
        Some(PointIdOptions::Uuid(uuid)) => uuid,
        _ => "",
    }
}
