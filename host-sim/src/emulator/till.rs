//! The till's end of the board's serial line: frames there and back. What they lead to is the machine's business.

use std::os::unix::net::UnixStream;

use qiyong_protocol::host::frame::{Channel, Decoder, Frame, encode, encoded_len};
use qiyong_protocol::host::message::MESSAGE_MAX;
use qiyong_protocol::host::till::{Command, Event};

use super::EmulatorError;
use super::machine::{read_available, write_whole};

/// Something that came from the board.
#[derive(Debug)]
pub(super) enum Heard {
    /// It told the till something.
    Event(Event),
    /// It asks the centre.
    ToCentre(Vec<u8>),
    /// What came is no frame, or one that says nothing; why.
    Nonsense(String),
}

/// The line.
pub(super) struct TillLine {
    stream: UnixStream,
    decoder: Box<Decoder<{ encoded_len(MESSAGE_MAX) }>>,
}

impl TillLine {
    pub(super) fn new(stream: UnixStream) -> Self {
        Self { stream, decoder: Box::default() }
    }

    pub(super) const fn stream(&self) -> &UnixStream {
        &self.stream
    }

    /// Commands the terminal.
    pub(super) fn command(&mut self, command: &Command) -> Result<(), EmulatorError> {
        self.send(Channel::Till, &command.encode())
    }

    /// Passes on what the centre says.
    pub(super) fn centre_says(&mut self, message: &[u8]) -> Result<(), EmulatorError> {
        self.send(Channel::Centre, message)
    }

    fn send(&mut self, channel: Channel, payload: &[u8]) -> Result<(), EmulatorError> {
        let mut buffer = [0; encoded_len(MESSAGE_MAX)];
        match encode(channel, payload, &mut buffer) {
            Some(frame) => write_whole(&mut self.stream, frame),
            None => Err(EmulatorError::TooLong(payload.len())),
        }
    }

    /// Sends bytes that are no frame.
    pub(super) fn disturb(&mut self, bytes: &[u8]) -> Result<(), EmulatorError> {
        write_whole(&mut self.stream, bytes)
    }

    /// What has come since the last time.
    pub(super) fn hear(&mut self) -> Result<Vec<Heard>, EmulatorError> {
        let bytes = read_available(&mut self.stream)?;
        let heard = bytes.into_iter().filter_map(|byte| {
            Some(match self.decoder.push(byte)? {
                Ok(Frame { channel: Channel::Till, payload }) => match Event::decode(payload) {
                    Some(event) => Heard::Event(event),
                    None => Heard::Nonsense("an event that is none".into()),
                },
                Ok(Frame { channel: Channel::Centre, payload }) => Heard::ToCentre(payload.to_vec()),
                Err(error) => Heard::Nonsense(error.to_string()),
            })
        });
        Ok(heard.collect())
    }
}
