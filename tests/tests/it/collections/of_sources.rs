use super::{collection, found, patch};
use crate::sources::{make, page, start, sync};
use serde_json::{Value, json};
use tests::FakeSite;

#[tokio::test(flavor = "multi_thread")]
async fn the_documents_of_a_source_are_where_it_puts_them() {
    let app = start().await;
    let site = FakeSite::start(&[
        ("/", page("lanterns of the quay lit at dusk", &["/mole"])),
        ("/mole", page("lanterns of the mole lit at dusk", &[])),
    ])
    .await;
    let (base, source) = make(&app.client, &site, json!({})).await;
    let harbour = collection(&app.client, &base, "Harbour").await;
    let town = collection(&app.client, &base, "Town").await;
    let path = format!("/v1/sources/{source}");
    let put = patch(&app.client, &path, json!({"collection_id": harbour})).await;
    assert_eq!(put.body["collection_id"], harbour, "{}", put.text);
    assert_eq!(sync(&app, &source, json!({})).await["ingested"], 2);
    let in_harbour = json!({"collection_ids": [harbour]});
    assert_eq!(found(&app.client, &base, in_harbour.clone()).await.len(), 2);
    let refused = app.client.delete(&format!("/v1/collections/{harbour}")).await;
    refused.expect_problem(409, "conflict");

    // All that it has moves with it, without a sync.
    patch(&app.client, &path, json!({"collection_id": town})).await;
    assert!(found(&app.client, &base, in_harbour).await.is_empty());
    assert_eq!(
        found(&app.client, &base, json!({"collection_ids": [town]})).await.len(),
        2
    );
    let documents = app
        .client
        .get(&format!("/v1/knowledge-bases/{base}/documents"))
        .await
        .body;
    let document = documents["data"][0]["id"].as_str().unwrap();
    let by_hand = patch(
        &app.client,
        &format!("/v1/documents/{document}"),
        json!({"collection_id": null}),
    )
    .await;
    by_hand.expect_problem(409, "conflict");
    let out = patch(&app.client, &path, json!({"collection_id": null})).await;
    assert_eq!(out.body["collection_id"], Value::Null);
    let nowhere = json!({"filter": {"$collection_id": {"exists": false}}});
    assert_eq!(found(&app.client, &base, nowhere).await.len(), 2);
    let emptied = app.client.delete(&format!("/v1/collections/{town}")).await;
    assert_eq!(emptied.status.as_u16(), 202, "{}", emptied.text);
    let job = app.client.ended(emptied.body["id"].as_str().unwrap()).await;
    assert_eq!(job["result"], json!({"documents": 0}));
    app.finish().await;
}
