use diesel_async::{AsyncPgConnection, RunQueryDsl};

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

/// The texts a query finds; it must name its only column `text`.
pub(super) async fn texts(conn: &mut AsyncPgConnection, sql: &str) -> Vec<String> {
    let rows: Vec<Row> = diesel::sql_query(sql)
        .load(conn)
        .await
        .unwrap_or_else(|error| panic!("{error}: {sql}"));
    rows.into_iter().map(|row| row.text).collect()
}

/// Why the statement is refused.
///
/// # Panics
/// When it is not.
pub(super) async fn refusal(conn: &mut AsyncPgConnection, sql: &str) -> String {
    match diesel::sql_query(sql).execute(conn).await {
        Ok(_) => panic!("was accepted: {sql}"),
        Err(error) => error.to_string(),
    }
}
