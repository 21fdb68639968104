use qdrant_client::qdrant::{
    CountPointsBuilder, DeletePointsBuilder, Filter, GetPointsBuilder, PayloadIncludeSelector, PointStruct,
    QuantizationSearchParamsBuilder, Query, QueryBatchPointsBuilder, QueryPoints, QueryPointsBuilder, ScoredPoint,
    SearchParamsBuilder, UpsertPointsBuilder, VectorInput,
};
use uuid::Uuid;

use super::collection::DENSE;
use super::filter::{CHUNK, DOCUMENT, of_chunks, of_documents_without, of_index, permitted, point_id};
use super::points::{cursor_chunk, cursor_point, of_document, read_place, scored};
use super::server::QdrantServer;
use crate::change::{DocumentChange, Place};
use crate::error::{Error, Result};
use crate::slot::IndexId;
use crate::vectors::{DocumentScope, ScoreVectors, VectorQuery, VectorScores};

/// What one request carries at most, in values of vectors: 4 MB.
const VALUES_A_REQUEST: usize = 1_000_000;
/// Of the int8 copies, how many times the wanted number is compared anew with the whole vectors.
const OVERSAMPLING: f64 = 3.0;
/// How much of the graph is looked at, at least.
const LEAST_EF: usize = 128;

/// The vectors of one index on a server. It has a cursor as a replica has; whoever changes it makes sure that nobody else does meanwhile.
#[derive(Clone, Debug)]
pub struct QdrantIndex {
    server: QdrantServer,
    id: IndexId,
    dimensions: usize,
}

impl QdrantIndex {
    pub(super) fn new(server: QdrantServer, id: IndexId, dimensions: usize) -> Self {
        Self { server, id, dimensions }
    }

    /// Where it stands; `None` when the server has nothing of it.
    pub async fn place(&self) -> Result<Option<Place>> {
        let collection = self.server.collection_name(self.dimensions);
        let request = GetPointsBuilder::new(&collection, [point_id(self.id, cursor_chunk())]).with_payload(true);
        let answer = self.server.client().get_points(request).await;
        let Some(found) = self.server.found_in(&collection, answer)? else {
            return Ok(None);
        };
        Ok(found.result.first().and_then(|point| read_place(&point.payload)))
    }

    /// How many chunks of it the server has.
    pub async fn count(&self) -> Result<u64> {
        let collection = self.server.collection_name(self.dimensions);
        let request = CountPointsBuilder::new(&collection)
            .filter(of_index(self.id))
            .exact(true);
        let answer = self.server.client().count(request).await;
        let found = self.server.found_in(&collection, answer)?;
        Ok(found.and_then(|found| found.result).map_or(0, |result| result.count))
    }

    /// Applies changes in their order and moves to `place`; searches may see some of them before others. What is applied twice is as if it were
    /// applied once.
    pub async fn apply(&self, changes: &[DocumentChange], place: Place) -> Result<()> {
        let collection = self.server.ensure_collection(self.dimensions).await?;
        let (mut points, mut kept) = (Vec::new(), Vec::new());
        for change in changes {
            if let DocumentChange::Upsert(document) = change {
                points.extend(of_document(self.id, self.dimensions, document)?);
                kept.extend(document.chunks.iter().map(|chunk| chunk.chunk_id));
            }
        }
        let most = (VALUES_A_REQUEST / self.dimensions).max(1);
        while !points.is_empty() {
            let rest = points.split_off(most.min(points.len()));
            self.upsert(&collection, std::mem::replace(&mut points, rest)).await?;
        }
        // Chunks that a document has no more go when the new ones are there.
        let changed: Vec<Uuid> = changes.iter().map(DocumentChange::document_id).collect();
        if !changed.is_empty() {
            self.delete(&collection, of_documents_without(self.id, &changed, &kept))
                .await?;
        }
        let cursor = cursor_point(self.id, self.dimensions, place);
        self.upsert(&collection, vec![cursor]).await
    }

    /// Takes everything of the index off the server.
    pub async fn remove(&self) -> Result<()> {
        let collection = self.server.collection_name(self.dimensions);
        let cursor = DeletePointsBuilder::new(&collection)
            .points(vec![point_id(self.id, cursor_chunk())])
            .wait(true);
        // First, so that what is half removed is built anew.
        let answer = self.server.client().delete_points(cursor).await;
        if self.server.found_in(&collection, answer)?.is_none() {
            return Ok(());
        }
        self.delete(&collection, of_index(self.id)).await
    }

    async fn upsert(&self, collection: &str, points: Vec<PointStruct>) -> Result<()> {
        let request = UpsertPointsBuilder::new(collection, points).wait(true);
        let answer = self.server.client().upsert_points(request).await;
        self.server.found_in(collection, answer)?.ok_or(Error::CollectionGone)?;
        Ok(())
    }

    async fn delete(&self, collection: &str, points: Filter) -> Result<()> {
        let request = DeletePointsBuilder::new(collection).points(points).wait(true);
        let answer = self.server.client().delete_points(request).await;
        self.server.found_in(collection, answer)?.ok_or(Error::CollectionGone)?;
        Ok(())
    }

    /// One request for what the leg proposes and for the cosines of the other leg's chunks. Nothing where the server has no such collection.
    async fn query(&self, query: &VectorQuery) -> Result<VectorScores> {
        let collection = self.server.collection_name(self.dimensions);
        let nearest = self.nearest(&collection, query, permitted(self.id, query), query.limit);
        let mut requests = vec![nearest];
        if !query.also.is_empty() {
            let among = of_chunks(self.id, &query.also);
            requests.push(self.nearest(&collection, query, among, query.also.len()));
        }
        let batch = QueryBatchPointsBuilder::new(&collection, requests);
        let answer = self.server.client().query_batch(batch).await;
        let answer = self.server.found_in(&collection, answer)?;
        let mut answers = answer.into_iter().flat_map(|answer| answer.result);
        let mut next = || answers.next().map(|answer| answer.result).unwrap_or_default();
        let (nearest, also): (Vec<ScoredPoint>, Vec<ScoredPoint>) = (next(), next());
        Ok(VectorScores {
            nearest: nearest.iter().filter_map(scored).collect(),
            also: also
                .iter()
                .filter_map(scored)
                .map(|scored| (scored.chunk_id, scored.cosine))
                .collect(),
        })
    }

    fn nearest(&self, collection: &str, query: &VectorQuery, among: Filter, limit: usize) -> QueryPoints {
        let quantised = QuantizationSearchParamsBuilder::default()
            .rescore(true)
            .oversampling(OVERSAMPLING);
        let params = SearchParamsBuilder::default()
            .hnsw_ef((2 * limit).max(LEAST_EF) as u64)
            .quantization(quantised);
        QueryPointsBuilder::new(collection)
            .query(Query::new_nearest(VectorInput::new_dense(query.vector.clone())))
            .using(DENSE)
            .filter(among)
            .limit(limit as u64)
            .params(params)
            .with_payload(PayloadIncludeSelector {
                fields: vec![DOCUMENT.to_owned(), CHUNK.to_owned()],
            })
            .build()
    }
}

impl ScoreVectors for QdrantIndex {
    fn score(&self, query: &VectorQuery) -> Result<VectorScores> {
        let nothing_permitted =
            query.documents == DocumentScope::Only(Vec::new()) || query.chunks.as_ref().is_some_and(Vec::is_empty);
        if nothing_permitted && query.also.is_empty() {
            return Ok(VectorScores::default());
        }
        self.server.inner.runtime.block_on(self.query(query))
    }
}
