use crate::links::{Loss, Network, accept};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

/// A network that fails when told to: forwards TCP connections to one server, on a port of its own. Ends when dropped.
pub struct Proxy {
    address: SocketAddr,
    network: Arc<Network>,
    _stop: DropGuard,
}

impl Proxy {
    /// In front of `upstream`, a host and a port.
    pub async fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let network = Arc::new(Network::to(upstream));
        let stop = CancellationToken::new();
        let accepting = accept(listener, network.clone(), stop.clone());
        #[expect(clippy::disallowed_methods, reason = "ends with the proxy")]
        tokio::spawn(accepting);
        Self {
            address,
            network,
            _stop: stop.drop_guard(),
        }
    }

    /// In front of the server that a postgres:// or redis:// URL names.
    pub async fn before(url: &str) -> Self {
        Self::start(&server_of(url)).await
    }

    /// New connections go to the server that this URL names. Open ones are left alone.
    pub fn lead_to(&self, url: &str) {
        *self.network.upstream.lock().unwrap() = server_of(url);
    }

    /// The same URL, through this proxy.
    #[must_use]
    pub fn url(&self, url: &str) -> String {
        let mut url: Url = url.parse().unwrap();
        url.set_host(Some(&self.address.ip().to_string())).unwrap();
        url.set_port(Some(self.address.port())).unwrap();
        url.to_string()
    }

    /// Resets all open connections; new ones are accepted.
    pub fn cut(&self) {
        self.network.cut();
    }

    /// Resets all open connections in the answer to the next piece of data with `word` in it, after so many bytes of the answer.
    pub fn cut_in_answer_to(&self, word: &str, bytes: usize) {
        *self.network.to_lose.lock().unwrap() = Some((word.to_owned(), Loss::Cut { after: bytes }));
    }

    /// Silences for ever the connection that next says `word`, once the server has it: the answer does not arrive.
    pub fn strand_in_answer_to(&self, word: &str) {
        *self.network.to_lose.lock().unwrap() = Some((word.to_owned(), Loss::Silence));
    }

    /// Resets new connections as soon as they are made, until [`accept`](Self::accept). Open ones are left alone.
    pub fn refuse(&self) {
        self.network.weather.send_modify(|weather| weather.refusing = true);
    }

    pub fn accept(&self) {
        self.network.weather.send_modify(|weather| weather.refusing = false);
    }

    /// From here on not a byte arrives and no connection ends, until [`resume`](Self::resume). Connections can be made, and then
    /// are as silent. What was sent meanwhile arrives late.
    pub fn stall(&self) {
        self.network.weather.send_modify(|weather| weather.stalled = true);
    }

    pub fn resume(&self) {
        self.network.weather.send_modify(|weather| weather.stalled = false);
    }

    /// Silences for ever the connections on which the client has said `word` (all for an empty one); new ones work. So does a
    /// firewall that forgot its connections. Returns how many there were.
    pub fn strand(&self, word: &str) -> usize {
        let links = self.network.links.lock().unwrap();
        let matching: Vec<_> = links
            .iter()
            .filter(|link| link.said.lock().unwrap().contains(word))
            .collect();
        for link in &matching {
            link.stranded.send_replace(true);
        }
        matching.len()
    }

    /// Each piece of data takes this long to its destination.
    pub fn delay(&self, delay: Duration) {
        self.network.weather.send_modify(|weather| weather.delay = delay);
    }

    /// Connections that clients have made so far, refused ones aside.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.network.accepted.load(Ordering::SeqCst)
    }
}

fn server_of(url: &str) -> String {
    let url: Url = url.parse().unwrap();
    format!("{}:{}", url.host_str().unwrap(), url.port().unwrap())
}
