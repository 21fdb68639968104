use qdrant_client::QdrantError;
use qdrant_client::qdrant::{
    CreateCollectionBuilder, CreateFieldIndexCollectionBuilder, Distance, FieldType, HnswConfigDiffBuilder,
    KeywordIndexParamsBuilder, ScalarQuantizationBuilder, VectorParamsBuilder, VectorsConfigBuilder,
};

use super::filter::{DOCUMENT, INDEX, TENANT};
use super::server::{QdrantServer, found};
use crate::error::Result;

/// The one named vector of a point.
pub(super) const DENSE: &str = "dense";

/// Links within the part of the graph that one tenant or index has; there are none across them.
const PAYLOAD_LINKS: u64 = 16;

impl QdrantServer {
    pub(super) fn collection_name(&self, dimensions: usize) -> String {
        format!("{}_{dimensions}", self.inner.options.collection_prefix)
    }

    /// Makes the collection if it is not there, and whatever index of it a maker that was stopped half-way left out.
    pub(super) async fn ensure_collection(&self, dimensions: usize) -> Result<String> {
        let name = self.collection_name(dimensions);
        if self.is_made(&name) {
            return Ok(name);
        }
        let client = self.client();
        if !client.collection_exists(&name).await? {
            let made = client.create_collection(self.collection(&name, dimensions)).await;
            // Another process may have made it meanwhile.
            if let Err(error) = made
                && !already_exists(&error)
            {
                return Err(error.into());
            }
        }
        let tenant = KeywordIndexParamsBuilder::default().is_tenant(true);
        let by_tenant =
            CreateFieldIndexCollectionBuilder::new(&name, TENANT, FieldType::Keyword).field_index_params(tenant);
        client.create_field_index(by_tenant.wait(true)).await?;
        for field in [INDEX, DOCUMENT] {
            let by_field = CreateFieldIndexCollectionBuilder::new(&name, field, FieldType::Keyword);
            client.create_field_index(by_field.wait(true)).await?;
        }
        self.set_made(&name, true);
        Ok(name)
    }

    /// Whole vectors on disk, their int8 copies in memory; no graph over all tenants, one within each.
    fn collection(&self, name: &str, dimensions: usize) -> CreateCollectionBuilder {
        let mut vectors = VectorsConfigBuilder::default();
        vectors.add_named_vector_params(
            DENSE,
            VectorParamsBuilder::new(dimensions as u64, Distance::Cosine).on_disk(true),
        );
        let options = &self.inner.options;
        let collection = CreateCollectionBuilder::new(name)
            .vectors_config(vectors)
            .hnsw_config(HnswConfigDiffBuilder::default().m(0).payload_m(PAYLOAD_LINKS))
            .quantization_config(ScalarQuantizationBuilder::default().quantile(0.99).always_ram(true))
            .replication_factor(options.replication_factor)
            // What was acknowledged is found whichever node is asked.
            .write_consistency_factor(options.replication_factor);
        match options.shards {
            Some(shards) => collection.shard_number(shards),
            None => collection,
        }
    }

    /// Forgets that the collection is there if the server says that it is not.
    pub(super) fn found_in<T>(
        &self,
        collection: &str,
        answer: std::result::Result<T, QdrantError>,
    ) -> Result<Option<T>> {
        let found = found(answer)?;
        if found.is_none() {
            self.set_made(collection, false);
        }
        Ok(found)
    }
}

fn already_exists(error: &QdrantError) -> bool {
    matches!(error, QdrantError::ResponseError { status }
        if status.code() == tonic::Code::AlreadyExists
            || status.code() == tonic::Code::InvalidArgument && status.message().contains("already exists"))
}
