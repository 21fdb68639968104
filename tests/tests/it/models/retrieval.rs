//! Which page each of the golden queries finds.
use super::help_centre::HelpCentre;
use serde::Deserialize;
use tests::workspace_root;

#[derive(Deserialize)]
struct Golden {
    query: String,
    page: String,
}

/// The least recall at three per mode. Measured over the 38 queries when the floors were set: hybrid .947 (36), vector .974 (37),
/// keyword .816 (31). One query is .026, so a floor is one query below, two for keywords.
const FLOORS: [(&str, f64); 3] = [("hybrid", 0.92), ("vector", 0.94), ("keyword", 0.76)];

#[tokio::test(flavor = "multi_thread")]
async fn the_right_page_is_among_the_first_three() {
    let Some(centre) = HelpCentre::open().await else { return };
    let file = workspace_root().join("tests/golden/help-centre.json");
    let golden: Vec<Golden> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    for Golden { page, .. } in &golden {
        assert!(centre.names.values().any(|name| name == page), "{page} is no page");
    }
    let mut recalls = Vec::new();
    for (mode, floor) in FLOORS {
        let (mut first, mut among) = (0, 0);
        for Golden { query, page } in &golden {
            let at = centre.search(query, mode).await.iter().position(|found| found == page);
            first += usize::from(at == Some(0));
            among += usize::from(at.is_some_and(|at| at < 3));
            if at.is_none_or(|at| at >= 3) {
                eprintln!("{mode}: {query:?} finds {page} at {at:?}");
            }
        }
        let recall = among as f64 / golden.len() as f64;
        eprintln!(
            "{mode}: {first} first, {among} among three, of {}: recall@3 {recall:.3}",
            golden.len()
        );
        recalls.push((mode, recall, floor));
    }
    for (mode, recall, floor) in &recalls {
        assert!(recall >= floor, "{mode}: recall@3 {recall:.3} is below {floor}");
    }
    centre.app.finish().await;
}
