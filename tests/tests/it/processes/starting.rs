//! What has to be there before jobs are taken.
use super::{fails, start, without_workers};
use std::net::TcpListener;

#[tokio::test(flavor = "multi_thread")]
async fn a_process_whose_address_is_taken_takes_no_jobs() {
    let app = without_workers().await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (arguments, setting, says) in [
        (
            ["worker", "--pools=general"].as_slice(),
            "VISUALKIT__SERVER__ADMIN_LISTEN",
            "cannot listen on server.admin_listen",
        ),
        (&["up"], "VISUALKIT__SERVER__LISTEN", "cannot listen on server.listen"),
    ] {
        let said = fails(start(&app, arguments, &[(setting, &address)])).await;
        assert!(said.contains(says) && !said.contains("workers started"), "{said}");
    }
    app.abandon().await;
}
