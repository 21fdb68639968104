use super::unsupported::service;
use super::{Collection, Service, lock};
use ::qdrant_client::qdrant::collections_server::Collections;
use ::qdrant_client::qdrant::vectors_config::Config;
use ::qdrant_client::qdrant::*;
use tonic::{Request, Response, Status};

service!(Collections, Service, {
    async fn create(&self, request: Request<CreateCollection>) -> Result<Response<CollectionOperationResponse>, Status> {
        let asked = request.into_inner();
        let mut collections = self.write().await?;
        if collections.contains_key(&asked.collection_name) {
            let message = format!("Wrong input: Collection `{}` already exists!", asked.collection_name);
            return Err(Status::invalid_argument(message));
        }
        lock(&self.0.made).push(asked.clone());
        let named = match asked.vectors_config.and_then(|config| config.config) {
            Some(Config::ParamsMap(map)) => map.map.get("dense").map(|dense| dense.size),
            _ => None,
        };
        let size = named.ok_or_else(|| Status::invalid_argument("the double wants a named vector `dense`"))?;
        let collection = Collection { dimensions: usize::try_from(size).unwrap(), ..Collection::default() };
        collections.insert(asked.collection_name, collection);
        Ok(Response::new(CollectionOperationResponse { result: true, time: 0.0 }))
    }

    async fn collection_exists(&self, request: Request<CollectionExistsRequest>) -> Result<Response<CollectionExistsResponse>, Status> {
        let exists = self.read().await?.contains_key(&request.into_inner().collection_name);
        Ok(Response::new(CollectionExistsResponse { result: Some(CollectionExists { exists }), time: 0.0 }))
    }

    async fn list(&self, _: Request<ListCollectionsRequest>) -> Result<Response<ListCollectionsResponse>, Status> {
        let names: Vec<String> = self.read().await?.keys().cloned().collect();
        let collections = names.into_iter().map(|name| CollectionDescription { name }).collect();
        Ok(Response::new(ListCollectionsResponse { collections, time: 0.0 }))
    }
},
    get(GetCollectionInfoRequest) -> GetCollectionInfoResponse,
    update(UpdateCollection) -> CollectionOperationResponse,
    delete(DeleteCollection) -> CollectionOperationResponse,
    update_aliases(ChangeAliases) -> CollectionOperationResponse,
    list_collection_aliases(ListCollectionAliasesRequest) -> ListAliasesResponse,
    list_aliases(ListAliasesRequest) -> ListAliasesResponse,
    collection_cluster_info(CollectionClusterInfoRequest) -> CollectionClusterInfoResponse,
    update_collection_cluster_setup(UpdateCollectionClusterSetupRequest) -> UpdateCollectionClusterSetupResponse,
    create_shard_key(CreateShardKeyRequest) -> CreateShardKeyResponse,
    delete_shard_key(DeleteShardKeyRequest) -> DeleteShardKeyResponse,
    list_shard_keys(ListShardKeysRequest) -> ListShardKeysResponse,
);
