//! How a process that serves ends.
use super::{start, without_workers};
use std::time::Duration;
use tests::{eventually, free_port};

async fn status(url: &str) -> Option<u16> {
    Some(reqwest::get(url).await.ok()?.status().as_u16())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_was_told_to_stop_says_so_and_answers_until_others_have_noticed() {
    let app = without_workers().await;
    let (api, admin) = (
        format!("127.0.0.1:{}", free_port()),
        format!("127.0.0.1:{}", free_port()),
    );
    let (ready, spec) = (
        format!("http://{admin}/health/ready"),
        format!("http://{api}/v1/openapi.json"),
    );
    for arguments in [["serve"].as_slice(), &["up"]] {
        let mut process = start(
            &app,
            arguments,
            &[
                ("VISUALKIT__SERVER__LISTEN", &api),
                ("VISUALKIT__SERVER__ADMIN_LISTEN", &admin),
                ("VISUALKIT__SERVER__SHUTDOWN_DELAY_SECS", "300"),
            ],
        );
        eventually("it is ready", Duration::from_secs(30), async || {
            status(&ready).await == Some(200)
        })
        .await;
        process.signal("TERM");
        eventually("it is not ready", Duration::from_secs(10), async || {
            status(&ready).await == Some(503)
        })
        .await;
        let said = reqwest::get(&ready).await.unwrap().text().await.unwrap();
        assert!(said.contains("stopping"), "{said}");
        assert_eq!(status(&spec).await, Some(200), "it still answers");
        // Who cannot wait says so once more.
        process.signal("TERM");
        assert!(process.wait(), "{}", super::log(&process));
        assert_eq!(status(&spec).await, None);
    }
    app.abandon().await;
}
