//! One client's conversation: its requests, one after the other, each answered before the next is read.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use zeroize::Zeroizing;

use super::attributes;
use super::client::Client;
use super::complaints::Kind;
use super::features;
use super::pin::Reply;
use super::reader::Reader;
use super::shared::Shared;
use crate::codes::{Disposition, GET_FEATURE_REQUEST, Rv, Share};
use crate::ctl;
use crate::wire::{
    self, ATTRIBUTE_MAX, Attribute, Connect, Control, REQUEST_MAX, ReaderEvents, ReaderState, Request, TABLE_LEN,
    Transmit, Version, Waited,
};

/// The most connections of one client, as in pcscd.
const CARDS_MAX: usize = 200;
/// The most complaints about one client; further ones would say nothing new.
const COMPLAINTS_MAX: u8 = 10;

/// One client's conversation.
pub(super) struct Session {
    shared: Arc<Shared>,
    client: Arc<Client>,
    /// The agreed minor version of the protocol. A client that does not state one follows 4.4, and only cancels.
    minor: u32,
    /// Its connections.
    cards: HashMap<u32, Arc<Reader>>,
    /// The number of events when the client last got the states.
    seen: u64,
    complaints: u8,
    /// How many readers the client was told that there are: so many states it awaits.
    told_readers: usize,
    /// The client is exchanging APDUs: the next one will come soon.
    expects_more: bool,
}

impl Session {
    pub(super) fn new(shared: Arc<Shared>, client: Arc<Client>) -> Self {
        Self {
            shared,
            client,
            minor: 4,
            cards: HashMap::new(),
            seen: 0,
            complaints: 0,
            told_readers: 0,
            expects_more: false,
        }
    }

    /// Serves the client until it closes the connection, or sends something that cannot be read.
    pub(super) fn run(&mut self) {
        // Commands may hold a PIN.
        let mut buffer = Zeroizing::new(vec![0; REQUEST_MAX]);
        let mut filled = 0;
        let mut out = Vec::with_capacity(ReaderState::LEN * TABLE_LEN);
        let client = self.client.clone();
        loop {
            let mut done = 0;
            loop {
                match wire::decode(&buffer[done..filled]) {
                    Ok(Some((request, used))) => {
                        out.clear();
                        client.begins(self.shared.requests.fetch_add(1, Ordering::Relaxed));
                        self.expects_more = matches!(request, Request::Transmit(..));
                        self.handle(&request, &mut out);
                        done += used;
                        if client.answer(&out).is_err() {
                            return;
                        }
                        self.answered(&request);
                        client.is_answered(self.cards.len());
                    }
                    Ok(None) => break,
                    Err(error) => {
                        self.complain(
                            Kind::Rubbish,
                            &format!("{error}: not pcsc-lite's protocol, the connection is closed"),
                        );
                        return;
                    }
                }
            }
            buffer.copy_within(done..filled, 0);
            filled -= done;
            match client.read(&mut buffer[filled..], self.expects_more) {
                Ok(0) => return,
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }

    /// What follows after the answer has gone out.
    fn answered(&mut self, request: &Request<'_>) {
        match request {
            Request::Wait { with_body: true } => self.client.has_states(self.seen != self.shared.events()),
            Request::Wait { with_body: false } if self.minor < 6 => self.client.has_states(false),
            Request::GetReadersStateArray => self.client.has_states(false),
            _ => {}
        }
    }

    fn handle(&mut self, request: &Request<'_>, out: &mut Vec<u8>) {
        match *request {
            Request::Transmit(transmit, command) => self.transmit(transmit, command.0, out),
            Request::Version(version) => self.version(version).write(out),
            Request::Establish(mut establish) => {
                establish.rv = match establish.scope {
                    0..=3 => {
                        establish.context = self.shared.fresh();
                        self.client.set_context(establish.context);
                        Rv::SUCCESS.0
                    }
                    _ => Rv::INVALID_VALUE.0,
                };
                establish.write(out);
            }
            Request::Release(mut of) => {
                let rv = self.check_context(of.context).map(|()| {
                    self.abandon_all();
                    self.client.set_context(0);
                });
                of.rv = Rv::from(rv).0;
                of.write(out);
            }
            Request::Cancel(mut of) => {
                of.rv = Rv::from(self.shared.cancel(of.context)).0;
                of.write(out);
            }
            Request::Connect(connect) => self.connect(connect, out),
            Request::Reconnect(mut reconnect) => {
                let result = self.reader_of(reconnect.card).and_then(|reader| {
                    let wanted = (Share::from_code(reconnect.share)?, reconnect.protocols);
                    let first = Disposition::from_initialization(reconnect.initialization)?;
                    reader.reconnect(&self.client, reconnect.card, wanted, first)
                });
                reconnect.active = result.unwrap_or_default();
                reconnect.rv = Rv::from(result.map(drop)).0;
                self.shared.happened();
                reconnect.write(out);
            }
            Request::Disconnect(mut ending) => {
                let result = self.reader_of(ending.card).and_then(|reader| {
                    reader.disconnect(&self.client, ending.card, Disposition::from_code(ending.disposition)?)
                });
                if result.is_ok() {
                    self.cards.remove(&ending.card);
                    self.shared.happened();
                }
                ending.rv = Rv::from(result).0;
                ending.write(out);
            }
            Request::Begin(mut of) => {
                of.rv = Rv::from(self.reader_of(of.card).and_then(|reader| reader.begin(&self.client, of.card))).0;
                of.write(out);
            }
            Request::End(mut ending) => {
                let result = self.reader_of(ending.card).and_then(|reader| {
                    reader.end(&self.client, ending.card, Disposition::from_code(ending.disposition)?)
                });
                ending.rv = Rv::from(result).0;
                ending.write(out);
            }
            Request::Status(mut of) => {
                of.rv = Rv::from(self.reader_of(of.card).and_then(|reader| reader.status(&self.client, of.card))).0;
                of.write(out);
            }
            Request::Control(control, message) => self.control(control, message.0, out),
            Request::GetAttrib(attribute) => self.get_attribute(attribute, out),
            Request::SetAttrib(attribute) => {
                let rv = self.reader_of(attribute.card).err().unwrap_or(Rv::UNSUPPORTED_FEATURE);
                attribute.write(out, &[], attribute.len, rv);
            }
            Request::GetReadersState => self.states(TABLE_LEN, out),
            Request::GetReadersStateSize => {
                self.told_readers = self.shared.readers().len();
                wire::number(out, self.told_readers as u32);
            }
            // As many as the client awaits, whatever has come or gone meanwhile; then it is told so.
            Request::GetReadersStateArray => self.states(self.told_readers, out),
            Request::Wait { with_body } => {
                self.client.asks_to_wait();
                if !with_body && self.minor < 6 {
                    self.states(TABLE_LEN, out);
                }
            }
            Request::StopWaiting => {
                if self.client.stops_waiting() {
                    Waited { time_out: 0, rv: Rv::SUCCESS.0 }.write(out);
                }
            }
            Request::GetReaderEvents => {
                ReaderEvents { count: self.shared.readers_moved(), rv: Rv::SUCCESS.0 }.write(out);
            }
            Request::Ctl(request) => ctl::answer(&self.shared.carry_out(&request), out),
        }
    }

    /// The client's version, if it is one of ours; otherwise our version, which the client may try.
    fn version(&mut self, asked: Version) -> Version {
        let known = asked.major == wire::MAJOR && (wire::MINOR_MIN..=wire::MINOR_MAX).contains(&asked.minor);
        if known {
            self.minor = asked.minor;
            Version { rv: Rv::SUCCESS.0, ..asked }
        } else {
            let speaks = format!(
                "speaks version {}.{} of pcsc-lite's protocol; known here are {}.{} to {}.{}",
                asked.major,
                asked.minor,
                wire::MAJOR,
                wire::MINOR_MIN,
                wire::MAJOR,
                wire::MINOR_MAX
            );
            self.complain(Kind::Version, &speaks);
            Version { major: wire::MAJOR, minor: wire::MINOR_MAX, rv: Rv::SERVICE_STOPPED.0 }
        }
    }

    fn connect(&mut self, mut connect: Connect<'_>, out: &mut Vec<u8>) {
        let rest = &mut connect.rest;
        let result = self.check_context(connect.context).and_then(|()| {
            let share = Share::from_code(rest.share)?;
            let reader = self.shared.reader(connect.reader.bytes()).ok_or(Rv::UNKNOWN_READER)?;
            if self.cards.len() >= CARDS_MAX {
                return Err(Rv::NO_MEMORY);
            }
            let card = self.shared.fresh();
            let active = reader.connect(&self.client, card, share, rest.protocols)?;
            self.cards.insert(card, reader);
            self.shared.happened();
            Ok((card, active))
        });
        (rest.card, rest.active) = result.unwrap_or_default();
        rest.rv = Rv::from(result.map(drop)).0;
        connect.write(out);
    }

    fn transmit(&mut self, mut transmit: Transmit, command: &[u8], out: &mut Vec<u8>) {
        // The structure comes first, and its fields follow at the end.
        let room = transmit.recv_len as usize;
        out.resize(Transmit::LEN, 0);
        let result = self.reader_of(transmit.card).and_then(|reader| {
            reader.transmit(&self.client, transmit.card, Some(transmit.send_protocol), command, out)
        });
        let len = out.len() - Transmit::LEN;
        transmit.recv_len = len as u32;
        let rv = match result {
            Ok(protocol) => {
                transmit.recv_protocol = protocol;
                if len > room { Rv::INSUFFICIENT_BUFFER } else { Rv::SUCCESS }
            }
            Err(rv) => rv,
        };
        transmit.rv = rv.0;
        if rv != Rv::SUCCESS {
            out.truncate(Transmit::LEN);
        }
        let mut front = Vec::with_capacity(Transmit::LEN);
        transmit.write(&mut front);
        out.iter_mut().zip(front).for_each(|(to, from)| *to = from);
    }

    fn control(&mut self, mut control: Control, message: &[u8], out: &mut Vec<u8>) {
        let result = self.control_reply(&control, message);
        let (reply, rv) = match result {
            Ok(reply) if reply.len() > control.recv_len as usize => (reply, Rv::INSUFFICIENT_BUFFER),
            Ok(reply) => (reply, Rv::SUCCESS),
            Err(rv) => (Vec::new(), rv),
        };
        (control.returned, control.rv) = (reply.len() as u32, rv.0);
        control.write(out);
        if rv == Rv::SUCCESS {
            out.extend(reply);
        }
    }

    fn control_reply(&mut self, control: &Control, message: &[u8]) -> Result<Vec<u8>, Rv> {
        let reader = self.reader_of(control.card)?;
        reader.may_control(&self.client, control.card)?;
        let keypad = reader.keypad.as_ref();
        if control.code == GET_FEATURE_REQUEST {
            return Ok(features::features(keypad.is_some()));
        }
        let reply = features::control(keypad, &self.client, control.code, message).ok_or(Rv::UNSUPPORTED_FEATURE)??;
        match reply {
            Reply::Bytes(bytes) => Ok(bytes),
            Reply::OfCard(command) => {
                let mut response = Vec::new();
                reader.transmit(&self.client, control.card, None, &command, &mut response)?;
                Ok(response)
            }
        }
    }

    fn get_attribute(&mut self, attribute: Attribute, out: &mut Vec<u8>) {
        let value = self.reader_of(attribute.card).and_then(|reader| {
            let now = reader.snapshot(&self.client, attribute.card)?;
            attributes::value(&reader, &now, attribute.id)
        });
        match value {
            Ok(value) if value.len() > (attribute.len as usize).min(ATTRIBUTE_MAX) => {
                attribute.write(out, &[], value.len() as u32, Rv::INSUFFICIENT_BUFFER);
            }
            Ok(value) => attribute.write(out, &value, value.len() as u32, Rv::SUCCESS),
            Err(rv) => attribute.write(out, &[], 0, rv),
        }
    }

    fn states(&mut self, table_len: usize, out: &mut Vec<u8>) {
        self.seen = self.shared.events();
        let end = out.len() + table_len * ReaderState::LEN;
        self.shared.readers().iter().take(table_len).for_each(|reader| reader.state().write(out));
        out.resize(end, 0);
    }

    fn check_context(&mut self, context: u32) -> Result<(), Rv> {
        if context != 0 && context == self.client.context() {
            return Ok(());
        }
        self.complain(Kind::NotItsOwn, "named a context that is not its own");
        Err(Rv::INVALID_HANDLE)
    }

    fn reader_of(&mut self, card: u32) -> Result<Arc<Reader>, Rv> {
        if let Some(reader) = self.cards.get(&card) {
            return Ok(reader.clone());
        }
        self.complain(Kind::NotItsOwn, "named a card connection that is not its own");
        Err(Rv::INVALID_HANDLE)
    }

    fn complain(&mut self, kind: Kind, what: &str) {
        if self.complaints < COMPLAINTS_MAX {
            self.complaints += 1;
            self.shared.complaints.tell(kind, &format!("client {}: {what}", self.client.id));
        }
    }

    fn abandon_all(&mut self) {
        if self.cards.is_empty() {
            return;
        }
        for (card, reader) in self.cards.drain() {
            reader.abandon(&self.client, card);
        }
        self.shared.happened();
    }
}

/// A client that ends, for whatever reason, leaves nothing behind.
impl Drop for Session {
    fn drop(&mut self) {
        self.abandon_all();
        self.client.set_context(0);
        self.client.hang_up();
    }
}
