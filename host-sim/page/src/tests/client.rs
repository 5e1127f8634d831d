//! A service on free ports with a card in a file, and a page's side of HTTP and WebSockets.

use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use qiyong_centre::hsm::Hsm;
use qiyong_protocol::card::codes::{CardNumber, IdNumber, Name, Region};
use qiyong_protocol::card::date::Date;
use qiyong_protocol::card::files::Generation;
use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::iso7816::character::Convention;
use qiyong_sim::card::os::VirtualCard;
use serde_json::Value;
use sscarddriver::settings::{Settings, Source};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::consent::Consents;
use crate::door::Door;
use crate::{Limits, Plan, Service};

/// The page that is listed and has consent.
pub(super) const HIS: &str = "https://his.example";
/// The holder whom the vendors' papers have made up.
pub(super) const ID_NUMBER: &str = "111111198101011110";

/// A card in a file, and who has been asked.
pub(super) struct Desk {
    pub(super) card: PathBuf,
    pub(super) consents: Arc<Consents>,
    asked: Arc<Mutex<Vec<String>>>,
    _folder: TempDir,
}

impl Desk {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let card = folder.path().join("card.toml");
        let new = NewCard {
            genuine: true,
            serial: 1,
            protocol: 0,
            convention: Convention::Direct,
            pin: Pin::new(b"271828").unwrap(),
            pin_tries: 3,
            generation: Generation::V2,
            area: Region::new("320100").unwrap(),
            holder: Name::new(b"\xD5\xC5\xC8\xFD").unwrap(),
            number: CardNumber::new_checked(b"X00000019").unwrap(),
            id_number: IdNumber::new(ID_NUMBER.as_bytes()).unwrap(),
            expires: Date::new(2036, 1, 1).unwrap(),
            issued: Date::new(2026, 1, 1).unwrap(),
        };
        VirtualCard::personalised(&new, &Hsm::test_keys().issue(&new).unwrap()).save(&card).unwrap();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let notes = Arc::clone(&asked);
        let consents = Consents::of_this_run(Box::new(move |page| notes.lock().unwrap().push(page.to_string())));
        consents.answer(&HIS.parse().unwrap(), true).unwrap();
        Self { card, consents: Arc::new(consents), asked, _folder: folder }
    }

    pub(super) fn take_card(&self) {
        fs::remove_file(&self.card).unwrap();
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// A service at work.
pub(super) struct Served {
    pub(super) desk: Desk,
    addresses: HashMap<&'static str, SocketAddr>,
    tell: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// An answer over HTTP.
pub(super) struct Answer {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Served {
    pub(super) async fn start(limits: Limits) -> Self {
        let desk = Desk::new();
        let plan = Plan {
            origins: [HIS, "https://new.example"].map(|text| text.parse().unwrap()).to_vec(),
            sample: true,
            consents: Arc::clone(&desk.consents),
            doors: Door::ALL.map(|door| (door, 0)).to_vec(),
            settings: Some(Settings { source: Source::File(desk.card.clone()), ..Settings::default() }),
            limits,
        };
        let service = Service::bind(plan).await.unwrap();
        let addresses = service.addresses().unwrap().into_iter().map(|(door, at)| (door.name(), at)).collect();
        let (tell, end) = watch::channel(false);
        Self { desk, addresses, tell, task: tokio::spawn(service.serve(end)) }
    }

    pub(super) async fn end(self) {
        self.tell.send_replace(true);
        self.task.await.unwrap();
    }

    pub(super) fn address(&self, door: Door) -> SocketAddr {
        self.addresses[door.name()]
    }

    pub(super) async fn connect(&self, door: Door) -> TcpStream {
        TcpStream::connect(self.addresses[door.name()]).await.unwrap()
    }

    /// A request of our own protocol from the page that may.
    pub(super) async fn call(&self, body: &str) -> (u16, Value) {
        self.fetch(Door::Own, "POST", "/v1/call", &[("origin", HIS)], body).await.json()
    }

    /// One request on a connection of its own. `headers` may replace the host.
    pub(super) async fn fetch(
        &self,
        door: Door,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let host = headers.iter().any(|(name, _)| *name == "host");
        let host = if host { "" } else { "host: 127.0.0.1\r\n" };
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = body.len();
        let head =
            format!("{method} {path} HTTP/1.1\r\n{host}{headers}connection: close\r\ncontent-length: {length}\r\n\r\n");
        let mut stream = self.connect(door).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        // The service may have refused and closed before it has read all.
        let _ = stream.write_all(body.as_bytes()).await;
        Answer::read(stream).await
    }

    /// A page's socket, or the status with which it is refused.
    pub(super) async fn socket(&self, door: Door, path: &str, origin: &str) -> Result<Socket, u16> {
        let url = format!("ws://{}{path}", self.addresses[door.name()]);
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Socket(socket)),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }
}

impl Answer {
    /// All that comes until the service closes.
    pub(super) async fn read(mut stream: TcpStream) -> Self {
        let mut bytes = Vec::new();
        // A reset after the answer is no fault of it.
        let _ = stream.read_to_end(&mut bytes).await;
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap_or_default();
        let headers = lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.into(), value.into()));
        Self { status, headers: headers.collect(), body: body.into() }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn json(&self) -> (u16, Value) {
        (self.status, serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}: {}", self.status, self.body)))
    }
}

/// A page's end of a socket.
pub(super) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub(super) async fn send(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }

    pub(super) async fn ask(&mut self, message: &str) -> Value {
        self.send(Message::text(message)).await;
        match self.next().await {
            Ok(text) => serde_json::from_str(&text).unwrap(),
            Err(closed) => panic!("closed with {closed}"),
        }
    }

    /// The next message, or the code with which the socket is closed; 0: without one.
    pub(super) async fn next(&mut self) -> Result<String, u16> {
        match self.0.next().await {
            Some(Ok(Message::Text(text))) => Ok(text.to_string()),
            Some(Ok(Message::Close(frame))) => Err(frame.map_or(0, |frame| frame.code.into())),
            _ => Err(0),
        }
    }
}
