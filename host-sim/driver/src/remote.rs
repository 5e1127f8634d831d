//! The centre as security module, asked by the library itself: for the families of callers whose library does that (docs/driver.md
//! §A.1, §D). Plain HTTP, and only to this machine: what comes back opens a card. PINs are never sent so.
//!
//! One request and its answer are written here, and no crate's client is used: those keep token and answer in buffers that nobody wipes.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::code::Code;
use crate::failure::Failure;
use crate::settings::Settings;

/// How long the centre may take, from the connection to the end of its answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most bytes of an answer.
const ANSWER_MAX: usize = 1 << 16;

/// What of an answer is read: it stays where it came, in a buffer that is wiped. Neither has escapes in it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said<'a> {
    #[serde(borrow)]
    key: Option<&'a str>,
    #[serde(borrow)]
    code: Option<&'a str>,
}

/// Where the centre is, and the token for it.
pub(crate) struct Remote {
    host: String,
    address: SocketAddr,
    token: Zeroizing<String>,
    patience: Duration,
}

impl Remote {
    /// The one that is set.
    ///
    /// # Errors
    /// None is (-13), or it is not on this machine.
    pub(crate) fn of_settings(settings: &Settings) -> Result<Self, Failure> {
        let url = settings.hsm.as_ref().ok_or_else(|| Code::NotSupported.with("未设置加密机(hsm)"))?;
        let path = settings.hsm_token.as_ref().ok_or_else(|| Code::NotSupported.with("未设置hsm_token"))?;
        let token = fs::read_to_string(path).map(Zeroizing::new).map_err(|_| Code::Reader.with("hsm_token不可读"))?;
        Self::new(url, token.trim())
    }

    /// At `http://ADDRESS:PORT`, with this token.
    ///
    /// # Errors
    /// It is no such address (-14), or not on this machine (-13).
    pub(crate) fn new(url: &str, token: &str) -> Result<Self, Failure> {
        let host = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
        let host = host.ok_or_else(|| Code::Parameter.with("地址应为http://ADDRESS:PORT"))?;
        let mut found = host.to_socket_addrs().map_err(|_| Code::Parameter.with("地址应为http://ADDRESS:PORT"))?;
        let address = found.find(|address| address.ip().is_loopback());
        let address = address.ok_or_else(|| Code::NotSupported.with("只允许本机地址"))?;
        // It stands in a header.
        let plain = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        let token = plain.then(|| Zeroizing::new(token.into())).ok_or_else(|| Code::Parameter.with("令牌格式错误"))?;
        Ok(Self { host: host.into(), address, token, patience: PATIENCE })
    }

    /// The result for the text of a step 1 (business 01).
    pub(crate) fn read(&self, question: &[u8]) -> Result<Zeroizing<String>, Failure> {
        self.ask("module/read", &json!({"question": text(question)?}))
    }

    /// The same for a debit with this card (business 07).
    pub(crate) fn debit(&self, question: &[u8], number: &[u8]) -> Result<Zeroizing<String>, Failure> {
        self.ask("module/debit", &json!({"question": text(question)?, "card": text(number)?}))
    }

    fn ask(&self, act: &str, body: &Value) -> Result<Zeroizing<String>, Failure> {
        let (status, answer) = self.exchange(act, &body.to_string()).map_err(|error| {
            // The kind alone: its text may name an address of somebody.
            Code::NotConnected.with(format!("加密机:{}", error.kind()))
        })?;
        let said: Said<'_> = serde_json::from_slice(&answer).unwrap_or_default();
        match (status, said.key) {
            (200, Some(key)) => Ok(Zeroizing::new(key.into())),
            (status, _) => {
                let code = said.code.unwrap_or_default();
                Err(Code::Unknown.with(format!("加密机拒绝:{status} {code}")))
            }
        }
    }

    fn exchange(&self, act: &str, body: &str) -> std::io::Result<(u16, Zeroizing<Vec<u8>>)> {
        let end = Instant::now() + self.patience;
        let mut stream = TcpStream::connect_timeout(&self.address, self.patience)?;
        stream.set_write_timeout(Some(self.patience))?;
        let request = Zeroizing::new(format!(
            "POST /v1/{act} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.host,
            *self.token,
            body.len()
        ));
        stream.write_all(request.as_bytes())?;
        let answer = until_end(&mut stream, end)?;
        parse(&answer).ok_or_else(|| ErrorKind::InvalidData.into())
    }
}

/// All that comes until the other side closes. A centre that says a byte now and then is given up at `end`, too.
fn until_end(stream: &mut TcpStream, end: Instant) -> std::io::Result<Zeroizing<Vec<u8>>> {
    // Never larger, so that no copy stays behind unwiped.
    let mut answer = Zeroizing::new(vec![0; ANSWER_MAX]);
    let mut length = 0;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut answer[length..]) {
            // Closed, or as much as an answer may have: then it is cut, and no JSON.
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // Unix says so of a time that is over.
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(ErrorKind::TimedOut.into()),
            Err(error) => return Err(error),
        }
    }
    answer.truncate(length);
    Ok(answer)
}

/// Status and body of an answer.
fn parse(answer: &[u8]) -> Option<(u16, Zeroizing<Vec<u8>>)> {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let (head, body) = answer.split_at(end + 4);
    let head = str::from_utf8(head).ok()?;
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let chunked = head.to_ascii_lowercase().contains("\r\ntransfer-encoding:");
    (!chunked).then(|| (status, Zeroizing::new(body.to_vec())))
}

fn text(bytes: &[u8]) -> Result<&str, Failure> {
    str::from_utf8(bytes).map_err(|_| Code::BadData.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread;

    #[test]
    fn only_this_machine_is_asked() {
        let code = |url: &str, token: &str| Remote::new(url, token).err().map(|failure| failure.code);
        assert_eq!(code("http://127.0.0.1:80", "t"), None);
        assert_eq!(code("http://[::1]:80/", "t"), None);
        for (url, token, expected) in [
            ("http://192.0.2.1:80", "t", Code::NotSupported),
            ("https://127.0.0.1:80", "t", Code::Parameter),
            ("http://127.0.0.1", "t", Code::Parameter),
            ("127.0.0.1:80", "t", Code::Parameter),
            ("http://127.0.0.1:80", "", Code::Parameter),
            ("http://127.0.0.1:80", "a\r\nb", Code::Parameter),
        ] {
            assert_eq!(code(url, token), Some(expected), "{url}");
        }
    }

    /// A service that accepts and says no more, and one that began to.
    #[test]
    fn a_silent_centre_is_given_up() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut remote = Remote::new(&format!("http://{}", listener.local_addr().unwrap()), "secret").unwrap();
        remote.patience = Duration::from_millis(50);
        for begun in ["", "HTTP/1.1 200 OK\r\n"] {
            thread::scope(|scope| {
                let asked = scope.spawn(|| remote.read(b"question|"));
                let (mut stream, _) = listener.accept().unwrap();
                let _ = stream.write_all(begun.as_bytes());
                let failure = asked.join().unwrap().unwrap_err();
                let text = encoding_rs::GBK.decode(&failure.gbk()).0.into_owned();
                assert!(failure.code == Code::NotConnected && text.contains("timed out"), "{text}");
            });
        }
    }

    /// What the centre may answer, and a service that is none.
    #[test]
    fn each_answer_has_its_code() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let remote = Remote::new(&format!("http://{}", listener.local_addr().unwrap()), "secret").unwrap();
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\nA: b\r\n\r\n{\"key\":\"AB|CD|\"}", Ok("AB|CD|")),
            ("HTTP/1.1 403 Forbidden\r\n\r\n{\"code\":\"role-not-allowed\"}", Err("加密机拒绝:403 role-not-allowed")),
            ("HTTP/1.1 200 OK\r\n\r\nnonsense", Err("加密机拒绝:200 ")),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0", Err("加密机:invalid data")),
            ("HTTP/1.1 200 OK\r\n", Err("加密机:invalid data")),
            ("", Err("加密机:")),
        ] {
            let told = thread::scope(|scope| {
                let asked = scope.spawn(|| remote.read(b"question|"));
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 1024];
                let length = stream.read(&mut request).unwrap();
                let request = String::from_utf8_lossy(&request[..length]).into_owned();
                assert!(request.starts_with("POST /v1/module/read HTTP/1.1\r\n"), "{request}");
                assert!(request.contains("\r\nAuthorization: Bearer secret\r\n"), "{request}");
                stream.write_all(answer.as_bytes()).unwrap();
                drop(stream);
                asked.join().unwrap()
            });
            match (told, expected) {
                (Ok(key), Ok(expected)) => assert_eq!(*key, expected),
                (Err(failure), Err(words)) => {
                    let text = encoding_rs::GBK.decode(&failure.gbk()).0.into_owned();
                    assert!(text.contains(words) && !text.contains("secret"), "{text}");
                }
                (told, expected) => panic!("{told:?} {expected:?}"),
            }
        }
        drop(listener);
        assert_eq!(remote.read(b"").unwrap_err().code, Code::NotConnected);
    }
}
