//! A client that sends whatever a test says, even what libpcsclite would not send.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use qiyong_pcsc::wire::{
    self, ConnectRest, Ending, Establish, NAME_LEN, OfCard, OfContext, ReaderState, Reconnect, Transmit, Version,
    Waited, command,
};

use crate::programs::PATIENCE;

/// Share mode: other programs may connect too.
pub const SHARED: u32 = 2;
/// Share mode: no other program may connect.
pub const EXCLUSIVE: u32 = 1;
/// Share mode: the reader itself, with a card or without.
pub const DIRECT: u32 = 3;
/// Disposition: nothing is done to the card.
pub const LEAVE: u32 = 0;
/// Disposition: the card is reset.
pub const RESET: u32 = 1;
/// Disposition: power is taken from the card.
pub const UNPOWER: u32 = 2;
/// Requested protocols: T=0 or T=1.
pub const ANY: u32 = 3;

/// The client. Its calls return the return value in the structure, 0 for success, unless described otherwise.
pub struct Raw {
    /// The connection.
    pub stream: UnixStream,
    /// Its context; 0 for none.
    pub context: u32,
}

impl Raw {
    /// A connection without version and context.
    pub fn dial(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket).expect("the server answers");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { stream, context: 0 }
    }

    /// A client of this minor version with a context.
    pub fn new(socket: &Path, minor: u32) -> Self {
        let mut raw = Self::dial(socket);
        assert_eq!(raw.version(4, minor), Version { major: 4, minor, rv: 0 });
        let mut body = Vec::new();
        Establish { scope: 2, ..Establish::default() }.write(&mut body);
        let answer = raw.call(command::ESTABLISH_CONTEXT, &body, Establish::LEN);
        let establish = Establish::from_bytes(&answer).unwrap();
        assert_eq!(establish.rv, 0);
        raw.context = establish.context;
        raw
    }

    /// Sends a request: header and structure.
    pub fn send(&mut self, command: u32, body: &[u8]) {
        let mut request = Vec::new();
        wire::header(&mut request, body.len(), command);
        request.extend(body);
        self.stream.write_all(&request).expect("the server reads");
    }

    /// Awaits so many bytes of an answer.
    pub fn receive(&mut self, len: usize) -> Vec<u8> {
        let mut answer = vec![0; len];
        self.stream.read_exact(&mut answer).expect("the server answers");
        answer
    }

    /// Sends a request and awaits an answer of `len` bytes.
    pub fn call(&mut self, command: u32, body: &[u8], len: usize) -> Vec<u8> {
        self.send(command, body);
        self.receive(len)
    }

    /// Whether the server has closed the connection.
    pub fn is_hung_up(&mut self) -> bool {
        // If a server leaves bytes unread, the system resets the connection.
        matches!(self.stream.read(&mut [0; 4096]), Ok(0) | Err(_))
    }

    /// States which version it speaks; returns the answer.
    pub fn version(&mut self, major: u32, minor: u32) -> Version {
        let mut body = Vec::new();
        Version { major, minor, rv: 0 }.write(&mut body);
        Version::from_bytes(&self.call(command::VERSION, &body, Version::LEN)).unwrap()
    }

    /// Returns the connection and the protocol in force, or the error.
    pub fn connect(&mut self, reader: &str, share: u32, protocols: u32) -> Result<(u32, u32), u32> {
        let mut body = self.context.to_ne_bytes().to_vec();
        body.extend(reader.as_bytes());
        body.resize(4 + NAME_LEN, 0);
        ConnectRest { share, protocols, ..ConnectRest::default() }.write(&mut body);
        let answer = self.call(command::CONNECT, &body, body.len());
        let rest = ConnectRest::from_bytes(&answer[4 + NAME_LEN..]).unwrap();
        if rest.rv == 0 { Ok((rest.card, rest.active)) } else { Err(rest.rv) }
    }

    /// RECONNECT.
    pub fn reconnect(&mut self, card: u32, share: u32, protocols: u32, initialization: u32) -> u32 {
        let mut body = Vec::new();
        Reconnect { card, share, protocols, initialization, ..Reconnect::default() }.write(&mut body);
        Reconnect::from_bytes(&self.call(command::RECONNECT, &body, Reconnect::LEN)).unwrap().rv
    }

    fn of_card(&mut self, command: u32, card: u32) -> u32 {
        let mut body = Vec::new();
        OfCard { card, rv: 0 }.write(&mut body);
        OfCard::from_bytes(&self.call(command, &body, OfCard::LEN)).unwrap().rv
    }

    /// BEGIN TRANSACTION.
    pub fn begin(&mut self, card: u32) -> u32 {
        self.of_card(command::BEGIN_TRANSACTION, card)
    }

    /// STATUS.
    pub fn status(&mut self, card: u32) -> u32 {
        self.of_card(command::STATUS, card)
    }

    fn ending(&mut self, command: u32, card: u32, disposition: u32) -> u32 {
        let mut body = Vec::new();
        Ending { card, disposition, rv: 0 }.write(&mut body);
        Ending::from_bytes(&self.call(command, &body, Ending::LEN)).unwrap().rv
    }

    /// END TRANSACTION.
    pub fn end(&mut self, card: u32, disposition: u32) -> u32 {
        self.ending(command::END_TRANSACTION, card, disposition)
    }

    /// DISCONNECT.
    pub fn disconnect(&mut self, card: u32, disposition: u32) -> u32 {
        self.ending(command::DISCONNECT, card, disposition)
    }

    /// RELEASE CONTEXT.
    pub fn release(&mut self, context: u32) -> u32 {
        let mut body = Vec::new();
        OfContext { context, rv: 0 }.write(&mut body);
        OfContext::from_bytes(&self.call(command::RELEASE_CONTEXT, &body, OfContext::LEN)).unwrap().rv
    }

    /// CANCEL, of any client's context.
    pub fn cancel(&mut self, context: u32) -> u32 {
        let mut body = Vec::new();
        OfContext { context, rv: 0 }.write(&mut body);
        OfContext::from_bytes(&self.call(command::CANCEL, &body, OfContext::LEN)).unwrap().rv
    }

    /// Returns the response, or the error.
    pub fn transmit(&mut self, card: u32, protocol: u32, apdu: &[u8]) -> Result<Vec<u8>, u32> {
        self.transmit_with_room(card, protocol, apdu, 65_548)
    }

    /// The same with room for `room` bytes of response.
    pub fn transmit_with_room(&mut self, card: u32, protocol: u32, apdu: &[u8], room: u32) -> Result<Vec<u8>, u32> {
        let mut body = Vec::new();
        let transmit = Transmit {
            card,
            send_protocol: protocol,
            send_len: apdu.len() as u32,
            recv_len: room,
            ..Transmit::default()
        };
        transmit.write(&mut body);
        self.send(command::TRANSMIT, &body);
        self.stream.write_all(apdu).unwrap();
        let answer = Transmit::from_bytes(&self.receive(Transmit::LEN)).unwrap();
        if answer.rv == 0 { Ok(self.receive(answer.recv_len as usize)) } else { Err(answer.rv) }
    }

    /// State bits, number of events and sharing of each reader of the fixed table.
    pub fn states(&mut self) -> Vec<(u32, u32, i32)> {
        let table = self.call(command::GET_READERS_STATE, &[], 16 * ReaderState::LEN);
        parse_states(&table)
    }

    /// What a waiting client is told.
    pub fn told(&mut self) -> u32 {
        Waited::from_bytes(&self.receive(Waited::LEN)).unwrap().rv
    }
}

/// The readers with a name in a table of states.
pub fn parse_states(table: &[u8]) -> Vec<(u32, u32, i32)> {
    let number = |entry: &[u8], at: usize| u32::from_ne_bytes(entry[at..at + 4].try_into().unwrap());
    let entries = table.chunks(ReaderState::LEN).filter(|entry| entry[0] != 0);
    entries.map(|entry| (number(entry, 132), number(entry, 128), number(entry, 136).cast_signed())).collect()
}
