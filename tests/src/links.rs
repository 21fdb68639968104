//! The connections of a proxy.
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How much of what a client says first is remembered, to tell connections apart.
const REMEMBERED: usize = 4096;

pub(crate) struct Network {
    pub(crate) upstream: Mutex<String>,
    pub(crate) weather: watch::Sender<Weather>,
    pub(crate) links: Mutex<Vec<Arc<Link>>>,
    pub(crate) accepted: AtomicUsize,
    /// What a client will say, and what becomes of the answer.
    pub(crate) to_lose: Mutex<Option<(String, Loss)>>,
}

/// What becomes of an answer.
#[derive(Clone, Copy)]
pub(crate) enum Loss {
    /// All connections are reset when so many bytes of it have passed.
    Cut { after: usize },
    /// It does not arrive, and nothing after it.
    Silence,
}

#[derive(Clone, Copy, Default)]
pub(crate) struct Weather {
    pub(crate) refusing: bool,
    pub(crate) stalled: bool,
    pub(crate) delay: Duration,
}

/// One open connection.
pub(crate) struct Link {
    pub(crate) network: Arc<Network>,
    pub(crate) cut: CancellationToken,
    pub(crate) stranded: watch::Sender<bool>,
    pub(crate) said: Mutex<String>,
    /// What becomes of what the server sends next.
    pub(crate) loss: Mutex<Option<Loss>>,
}

impl Network {
    pub(crate) fn to(upstream: &str) -> Self {
        Self {
            upstream: Mutex::new(upstream.to_owned()),
            weather: watch::Sender::default(),
            links: Mutex::default(),
            accepted: AtomicUsize::new(0),
            to_lose: Mutex::default(),
        }
    }

    pub(crate) fn cut(&self) {
        self.links.lock().unwrap().iter().for_each(|link| link.cut.cancel());
    }
}

/// Takes connections until told to stop, and cuts those that are left.
pub(crate) async fn accept(listener: TcpListener, network: Arc<Network>, stop: CancellationToken) {
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        let (client, _) = accepted.unwrap();
        client.set_zero_linger().unwrap();
        if network.weather.borrow().refusing {
            continue;
        }
        let link = Arc::new(Link {
            network: network.clone(),
            cut: CancellationToken::new(),
            stranded: watch::Sender::default(),
            said: Mutex::default(),
            loss: Mutex::default(),
        });
        network.links.lock().unwrap().push(link.clone());
        network.accepted.fetch_add(1, Ordering::SeqCst);
        #[expect(
            clippy::disallowed_methods,
            reason = "ends with its connection, at the latest with the proxy"
        )]
        tokio::spawn(async move {
            link.cut.run_until_cancelled(link.forward(client)).await;
            let mut links = link.network.links.lock().unwrap();
            links.retain(|other| !Arc::ptr_eq(other, &link));
        });
    }
    network.cut();
}

impl Link {
    /// Both directions. Dropped before its end, it resets both ends.
    async fn forward(&self, mut client: TcpStream) {
        let upstream = self.network.upstream.lock().unwrap().clone();
        let Ok(mut server) = TcpStream::connect(upstream).await else {
            return;
        };
        server.set_zero_linger().unwrap();
        let ((from_client, to_client), (from_server, to_server)) = (client.split(), server.split());
        let _ = tokio::join!(
            self.carry(from_client, to_server, true),
            self.carry(from_server, to_client, false)
        );
    }

    fn hear(&self, words: &str) {
        let mut said = self.said.lock().unwrap();
        if said.len() < REMEMBERED {
            said.push_str(words);
        }
        if let Some((_, loss)) = self
            .network
            .to_lose
            .lock()
            .unwrap()
            .take_if(|(word, _)| words.contains(word.as_str()))
        {
            *self.loss.lock().unwrap() = Some(loss);
        }
    }

    /// How many of `length` bytes of an answer may pass.
    fn grant(&self, length: usize) -> usize {
        let mut loss = self.loss.lock().unwrap();
        match *loss {
            None => length,
            Some(Loss::Silence) => {
                self.stranded.send_replace(true);
                0
            }
            Some(Loss::Cut { after }) => {
                let granted = after.min(length);
                *loss = Some(Loss::Cut { after: after - granted });
                granted
            }
        }
    }

    /// Carries bytes until their source ends, and then that end.
    async fn carry(&self, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, asks: bool) -> std::io::Result<()> {
        let (mut weather, mut stranded) = (self.network.weather.subscribe(), self.stranded.subscribe());
        let mut bytes = vec![0; 16 * 1024];
        loop {
            let length = from.read(&mut bytes).await?;
            if asks {
                self.hear(&String::from_utf8_lossy(&bytes[..length]));
            }
            let delay = weather.borrow().delay;
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            let _ = weather.wait_for(|weather| !weather.stalled).await;
            let _ = stranded.wait_for(|stranded| !stranded).await;
            if length == 0 {
                return to.shutdown().await;
            }
            let granted = if asks { length } else { self.grant(length) };
            to.write_all(&bytes[..granted]).await?;
            if granted < length && !*stranded.borrow() {
                self.network.cut();
            }
        }
    }
}
