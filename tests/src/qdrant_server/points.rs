use super::filter::{matches, uuid_of};
use super::unsupported::service;
use super::{Collection, QdrantMischief, QdrantPoint, Service, lock, no_space, not_found};
use ::qdrant_client::qdrant::points_selector::PointsSelectorOneOf;
use ::qdrant_client::qdrant::points_server::Points;
use ::qdrant_client::qdrant::vectors::VectorsOptions;
use ::qdrant_client::qdrant::with_payload_selector::SelectorOptions;
use ::qdrant_client::qdrant::*;
use tonic::{Request, Response, Status};

fn done() -> Response<PointsOperationResponse> {
    let result = UpdateResult {
        operation_id: Some(1),
        status: UpdateStatus::Completed.into(),
    };
    Response::new(PointsOperationResponse {
        result: Some(result),
        time: 0.0,
        usage: None,
    })
}

service!(Points, Service, {
    async fn upsert(&self, request: Request<UpsertPoints>) -> Result<Response<PointsOperationResponse>, Status> {
        let asked = request.into_inner();
        let mut collections = self.write().await?;
        let collection = collections.get_mut(&asked.collection_name).ok_or_else(|| not_found(&asked.collection_name))?;
        if matches!(*lock(&self.0.mischief), QdrantMischief::FullAt(most) if collection.points.len() + asked.points.len() > most) {
            return Err(no_space());
        }
        for point in asked.points {
            let id = point.id.as_ref().map(uuid_of).unwrap_or_default().to_owned();
            let vector = unit(dense(point.vectors, collection.dimensions)?);
            let point = QdrantPoint { vector, payload: point.payload };
            if !point.text("chunk_id").is_empty() {
                *lock(&self.0.puts).entry(id.clone()).or_default() += 1;
            }
            collection.points.insert(id, point);
        }
        Ok(done())
    }

    async fn delete(&self, request: Request<DeletePoints>) -> Result<Response<PointsOperationResponse>, Status> {
        let asked = request.into_inner();
        let mut collections = self.write().await?;
        let collection = collections.get_mut(&asked.collection_name).ok_or_else(|| not_found(&asked.collection_name))?;
        match asked.points.and_then(|points| points.points_selector_one_of) {
            Some(PointsSelectorOneOf::Points(list)) => {
                for id in &list.ids {
                    collection.points.remove(uuid_of(id));
                }
            }
            Some(PointsSelectorOneOf::Filter(filter)) => {
                let gone = passing(collection, &filter)?;
                collection.points.retain(|id, _| !gone.contains(id));
                lock(&self.0.filters).push(filter);
            }
            None => return Err(Status::invalid_argument("nothing is selected")),
        }
        Ok(done())
    }

    async fn get(&self, request: Request<GetPoints>) -> Result<Response<GetResponse>, Status> {
        let asked = request.into_inner();
        let collections = self.read().await?;
        let collection = collections.get(&asked.collection_name).ok_or_else(|| not_found(&asked.collection_name))?;
        let found = asked.ids.into_iter().filter_map(|id| {
            let payload = collection.points.get(uuid_of(&id))?.payload.clone();
            Some(RetrievedPoint { id: Some(id), payload, ..RetrievedPoint::default() })
        });
        Ok(Response::new(GetResponse { result: found.collect(), ..GetResponse::default() }))
    }

    async fn count(&self, request: Request<CountPoints>) -> Result<Response<CountResponse>, Status> {
        let asked = request.into_inner();
        let collections = self.read().await?;
        let collection = collections.get(&asked.collection_name).ok_or_else(|| not_found(&asked.collection_name))?;
        let count = passing(collection, &asked.filter.unwrap_or_default())?.len() as u64;
        Ok(Response::new(CountResponse { result: Some(CountResult { count }), ..CountResponse::default() }))
    }

    async fn create_field_index(&self, request: Request<CreateFieldIndexCollection>) -> Result<Response<PointsOperationResponse>, Status> {
        let asked = request.into_inner();
        let mut collections = self.write().await?;
        let collection = collections.get_mut(&asked.collection_name).ok_or_else(|| not_found(&asked.collection_name))?;
        collection.indexed.insert(asked.field_name.clone());
        lock(&self.0.fields).push(asked);
        Ok(done())
    }

    async fn query_batch(&self, request: Request<QueryBatchPoints>) -> Result<Response<QueryBatchResponse>, Status> {
        let asked = request.into_inner();
        self.hold_search().await;
        let collections = self.read().await?;
        let collection = collections.get(&asked.collection_name).ok_or_else(|| not_found(&asked.collection_name))?;
        let mut result = Vec::new();
        for query in asked.query_points {
            lock(&self.0.filters).extend(query.filter.clone());
            result.push(BatchResult { result: nearest(collection, &query)? });
            lock(&self.0.searches).push(query);
        }
        Ok(Response::new(QueryBatchResponse { result, ..QueryBatchResponse::default() }))
    }
},
    update_vectors(UpdatePointVectors) -> PointsOperationResponse,
    delete_vectors(DeletePointVectors) -> PointsOperationResponse,
    set_payload(SetPayloadPoints) -> PointsOperationResponse,
    overwrite_payload(SetPayloadPoints) -> PointsOperationResponse,
    delete_payload(DeletePayloadPoints) -> PointsOperationResponse,
    clear_payload(ClearPayloadPoints) -> PointsOperationResponse,
    delete_field_index(DeleteFieldIndexCollection) -> PointsOperationResponse,
    create_vector_name(CreateVectorNameRequest) -> PointsOperationResponse,
    delete_vector_name(DeleteVectorNameRequest) -> PointsOperationResponse,
    search(SearchPoints) -> SearchResponse,
    search_batch(SearchBatchPoints) -> SearchBatchResponse,
    search_groups(SearchPointGroups) -> SearchGroupsResponse,
    scroll(ScrollPoints) -> ScrollResponse,
    recommend(RecommendPoints) -> RecommendResponse,
    recommend_batch(RecommendBatchPoints) -> RecommendBatchResponse,
    recommend_groups(RecommendPointGroups) -> RecommendGroupsResponse,
    discover(DiscoverPoints) -> DiscoverResponse,
    discover_batch(DiscoverBatchPoints) -> DiscoverBatchResponse,
    update_batch(UpdateBatchPoints) -> UpdateBatchResponse,
    query(QueryPoints) -> QueryResponse,
    query_groups(QueryPointGroups) -> QueryGroupsResponse,
    facet(FacetCounts) -> FacetResponse,
    search_matrix_pairs(SearchMatrixPoints) -> SearchMatrixPairsResponse,
    search_matrix_offsets(SearchMatrixPoints) -> SearchMatrixOffsetsResponse,
);

fn passing(collection: &Collection, filter: &Filter) -> Result<Vec<String>, Status> {
    let mut passing = Vec::new();
    for (id, point) in &collection.points {
        if matches(filter, id, point)? {
            passing.push(id.clone());
        }
    }
    Ok(passing)
}

fn nearest(collection: &Collection, query: &QueryPoints) -> Result<Vec<ScoredPoint>, Status> {
    let wanted = match query.query.as_ref().and_then(|query| query.variant.as_ref()) {
        Some(query::Variant::Nearest(VectorInput {
            variant: Some(vector_input::Variant::Dense(dense)),
        })) => &dense.data,
        _ => return Err(Status::unimplemented("only the nearest to a dense vector")),
    };
    if wanted.len() != collection.dimensions {
        return Err(wrong_dimensions(collection.dimensions, wanted.len()));
    }
    let fields = match query
        .with_payload
        .as_ref()
        .and_then(|payload| payload.selector_options.as_ref())
    {
        Some(SelectorOptions::Include(include)) => include.fields.clone(),
        _ => Vec::new(),
    };
    let wanted = unit(wanted.clone());
    let filter = query.filter.clone().unwrap_or_default();
    let mut scored = Vec::new();
    for id in passing(collection, &filter)? {
        let point = &collection.points[&id];
        let score = point.vector.iter().zip(&wanted).map(|(a, b)| a * b).sum();
        let payload = point.payload.iter().filter(|(field, _)| fields.contains(field));
        scored.push(ScoredPoint {
            id: Some(id.into()),
            payload: payload.map(|(field, value)| (field.clone(), value.clone())).collect(),
            score,
            ..ScoredPoint::default()
        });
    }
    scored.sort_by(|a, b| b.score.total_cmp(&a.score));
    scored.truncate(usize::try_from(query.limit.unwrap_or(10)).unwrap());
    Ok(scored)
}

fn dense(vectors: Option<Vectors>, dimensions: usize) -> Result<Vec<f32>, Status> {
    let named = match vectors.and_then(|vectors| vectors.vectors_options) {
        Some(VectorsOptions::Vectors(mut named)) => named.vectors.remove("dense"),
        _ => None,
    };
    let Some(vector::Vector::Dense(dense)) = named.and_then(|vector| vector.vector) else {
        return Err(Status::invalid_argument("Wrong input: Not existing vector name error"));
    };
    match dense.data.len() == dimensions {
        true => Ok(dense.data),
        false => Err(wrong_dimensions(dimensions, dense.data.len())),
    }
}

fn wrong_dimensions(expected: usize, got: usize) -> Status {
    Status::invalid_argument(format!(
        "Wrong input: Vector dimension error: expected dim: {expected}, got {got}"
    ))
}

fn unit(vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    match length > 0.0 {
        true => vector.iter().map(|value| value / length).collect(),
        false => vector,
    }
}
