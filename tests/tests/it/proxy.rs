//! The network that fails when told to.
use std::io::ErrorKind;
use std::time::{Duration, Instant};
use tests::{Proxy, eventually};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Long enough for loopback, and short enough to wait for what must not come.
const SILENCE: Duration = Duration::from_millis(200);

/// A proxy before a server that sends back what it is sent.
async fn before_an_echo() -> Proxy {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}/", listener.local_addr().unwrap());
    #[expect(clippy::disallowed_methods, reason = "ends with the test")]
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = client.split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
            });
        }
    });
    Proxy::before(&url).await
}

async fn connect(proxy: &Proxy) -> TcpStream {
    let url = proxy.url("redis://somewhere:1/0");
    let address = url
        .strip_prefix("redis://")
        .and_then(|rest| rest.strip_suffix("/0"))
        .unwrap();
    TcpStream::connect(address).await.unwrap()
}

async fn say(stream: &mut TcpStream, words: &str) {
    stream.write_all(words.as_bytes()).await.unwrap();
}

async fn hear(stream: &mut TcpStream, length: usize) -> std::io::Result<String> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await?;
    Ok(String::from_utf8(bytes).unwrap())
}

#[tokio::test]
async fn what_is_sent_arrives_and_an_end_is_passed_on() {
    let proxy = before_an_echo().await;
    let mut stream = connect(&proxy).await;
    let words = "word ".repeat(20_000);
    let (mut from, mut to) = stream.split();
    let write = async {
        to.write_all(words.as_bytes()).await.unwrap();
        to.shutdown().await.unwrap();
    };
    let mut heard = String::new();
    let (_, read) = tokio::join!(write, from.read_to_string(&mut heard));
    read.unwrap();
    assert_eq!(heard, words);
    assert_eq!(proxy.accepted(), 1);
}

#[tokio::test]
async fn a_cut_resets_what_is_open_and_nothing_else() {
    let proxy = before_an_echo().await;
    let mut stream = connect(&proxy).await;
    say(&mut stream, "one").await;
    assert_eq!(hear(&mut stream, 3).await.unwrap(), "one");
    proxy.cut();
    let error = hear(&mut stream, 1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let mut stream = connect(&proxy).await;
    say(&mut stream, "two").await;
    assert_eq!(hear(&mut stream, 3).await.unwrap(), "two");
}

#[tokio::test]
async fn a_cut_can_fall_into_the_middle_of_an_answer() {
    let proxy = before_an_echo().await;
    let mut stream = connect(&proxy).await;
    proxy.cut_in_answer_to("two", 5);
    let mut other = connect(&proxy).await;
    say(&mut other, "three").await;
    assert_eq!(hear(&mut other, 5).await.unwrap(), "three", "another answer");
    say(&mut stream, "one two").await;
    assert_eq!(hear(&mut stream, 5).await.unwrap(), "one t");
    assert_eq!(
        hear(&mut stream, 1).await.unwrap_err().kind(),
        ErrorKind::ConnectionReset
    );
    let mut stream = connect(&proxy).await;
    say(&mut stream, "all of it").await;
    assert_eq!(hear(&mut stream, 9).await.unwrap(), "all of it", "one cut was ordered");
}

#[tokio::test]
async fn new_connections_are_refused_while_open_ones_go_on() {
    let proxy = before_an_echo().await;
    let mut open = connect(&proxy).await;
    say(&mut open, "one").await;
    assert_eq!(hear(&mut open, 3).await.unwrap(), "one");
    proxy.refuse();
    let mut refused = connect(&proxy).await;
    assert_eq!(
        hear(&mut refused, 1).await.unwrap_err().kind(),
        ErrorKind::ConnectionReset
    );
    say(&mut open, "two").await;
    assert_eq!(hear(&mut open, 3).await.unwrap(), "two");
    proxy.accept();
    let mut stream = connect(&proxy).await;
    say(&mut stream, "three").await;
    assert_eq!(hear(&mut stream, 5).await.unwrap(), "three");
}

#[tokio::test]
async fn a_stalled_network_carries_nothing_until_it_resumes() {
    let proxy = before_an_echo().await;
    let mut open = connect(&proxy).await;
    proxy.stall();
    let mut new = connect(&proxy).await;
    for stream in [&mut open, &mut new] {
        say(stream, "late").await;
        let heard = timeout(SILENCE, hear(stream, 1)).await;
        assert!(heard.is_err(), "{heard:?} came through");
    }
    proxy.resume();
    for stream in [&mut open, &mut new] {
        assert_eq!(hear(stream, 4).await.unwrap(), "late");
    }
}

#[tokio::test]
async fn only_those_connections_are_stranded_that_said_the_word_and_for_ever() {
    let proxy = before_an_echo().await;
    let (mut stranded, mut other) = (connect(&proxy).await, connect(&proxy).await);
    say(&mut stranded, "SUBSCRIBE").await;
    say(&mut other, "something").await;
    for stream in [&mut stranded, &mut other] {
        hear(stream, 9).await.unwrap();
    }
    assert_eq!(proxy.strand("SUBSCRIBE"), 1);
    proxy.resume();
    for stream in [&mut stranded, &mut other] {
        say(stream, "more").await;
    }
    assert_eq!(hear(&mut other, 4).await.unwrap(), "more");
    let heard = timeout(SILENCE, hear(&mut stranded, 1)).await;
    assert!(heard.is_err(), "{heard:?} came through");
    let mut new = connect(&proxy).await;
    say(&mut new, "SUBSCRIBE").await;
    assert_eq!(hear(&mut new, 9).await.unwrap(), "SUBSCRIBE");
    assert_eq!(proxy.strand(""), 3);
}

#[tokio::test]
async fn only_the_connection_is_stranded_whose_answer_is_to_be_lost() {
    let proxy = before_an_echo().await;
    let (mut stranded, mut other) = (connect(&proxy).await, connect(&proxy).await);
    proxy.strand_in_answer_to("two");
    for (word, arrives) in [("one", true), ("two", false), ("one", false)] {
        say(&mut stranded, word).await;
        let heard = timeout(SILENCE, hear(&mut stranded, 3)).await;
        assert_eq!(heard.is_ok(), arrives, "{word}: {heard:?}");
    }
    say(&mut other, "two").await;
    assert_eq!(hear(&mut other, 3).await.unwrap(), "two");
}

#[tokio::test]
async fn each_way_takes_as_long_as_it_was_told_to() {
    let proxy = before_an_echo().await;
    proxy.delay(Duration::from_millis(100));
    let mut stream = connect(&proxy).await;
    let start = Instant::now();
    say(&mut stream, "slow").await;
    assert_eq!(hear(&mut stream, 4).await.unwrap(), "slow");
    assert!(start.elapsed() >= Duration::from_millis(200), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_proxy_that_is_dropped_takes_its_connections_with_it() {
    let proxy = before_an_echo().await;
    let mut stream = connect(&proxy).await;
    say(&mut stream, "one").await;
    assert_eq!(hear(&mut stream, 3).await.unwrap(), "one");
    let address = stream.peer_addr().unwrap();
    drop(proxy);
    assert_eq!(
        hear(&mut stream, 1).await.unwrap_err().kind(),
        ErrorKind::ConnectionReset
    );
    eventually("nobody listens any more", Duration::from_secs(5), async || {
        TcpStream::connect(address).await.is_err()
    })
    .await;
}
