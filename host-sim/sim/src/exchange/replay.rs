//! Plays one exchange: the engine on one side, the tokens on the other. Which exchanges are right is not known here.

use std::fmt;

use qiyong_protocol::iso7816::apdu::{ApduError, Command};
use qiyong_protocol::iso7816::atr::Edc;
use qiyong_protocol::iso7816::t0::{self, T0Error};
use qiyong_protocol::iso7816::t1::{self, BLOCK_GUARD_TIME, Connection, Parameters, T1Error};
use serde::{Serialize, Serializer};

use super::parse::{Exchange, Token, What};

/// Etu from one character to the next; this affects only budgets.
const CHARACTER: u32 = 12;

/// The place where an exchange went in another way than written. A verdict and not an error: whether engine or file is wrong, a person
/// decides, so it has no advice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Failure {
    /// The token, from 1 after the name; one more than the last if the file has too few tokens.
    pub token: usize,
    /// What the token demands.
    #[serde(serialize_with = "in_words")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub expected: Expected,
    /// What the engine did.
    #[serde(serialize_with = "in_words")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub got: Got,
}

/// What is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// This token.
    Token(What),
    /// A token that holds an APDU.
    CommandApdu,
    /// Nothing more.
    End,
}

/// What came instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Got {
    /// The engine sends these characters.
    Sends(Vec<u8>),
    /// The engine awaits the card.
    Awaits,
    /// The engine needed no more of the token's characters.
    HasAll {
        /// How many it took.
        after: usize,
    },
    /// The engine delivers this response APDU.
    Response(Vec<u8>),
    /// The engine ends with this error.
    Error(EngineError),
    /// Nothing is going on.
    End,
    /// The bytes are no command APDU.
    NoApdu(ApduError),
}

/// An error of one of the engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineError {
    /// Of T=0.
    T0(T0Error),
    /// Of T=1.
    T1(T1Error),
}

impl EngineError {
    /// Its name for `E:`.
    const fn name(self) -> &'static str {
        match self {
            Self::T0(error) => t0_name(error),
            Self::T1(error) => error.name(),
        }
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::T0(error) => write!(f, "E:{} ({error})", self.name()),
            Self::T1(error) => write!(f, "E:{} ({error})", self.name()),
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(what) => what.fmt(f),
            Self::CommandApdu => f.write_str("a command APDU"),
            Self::End => f.write_str("the end"),
        }
    }
}

impl fmt::Display for Got {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sends(bytes) => write!(f, ">{}", hex::encode_upper(bytes)),
            Self::Awaits => f.write_str("an engine that awaits the card"),
            Self::HasAll { after } => write!(f, "an engine that has all it awaits after {after} of these characters"),
            Self::Response(bytes) => write!(f, "R:{}", hex::encode_upper(bytes)),
            Self::Error(error) => error.fmt(f),
            Self::End => f.write_str("the end"),
            Self::NoApdu(error) => error.fmt(f),
        }
    }
}

fn in_words<S: Serializer>(what: &impl fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(what)
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "token {}: expected {}, got {}", self.token, self.expected, self.got)
    }
}

/// What an engine wants; [`t0::Step`] and [`t1::Step`] in one.
enum Step {
    Send(Vec<u8>),
    Receive { most: u32 },
    Done(Result<usize, EngineError>),
}

/// What both engines have in common.
trait Engine {
    fn step(&self) -> Step;
    fn sent(&mut self);
    fn received(&mut self, byte: u8);
    fn parity_error(&mut self);
    fn timed_out(&mut self);
    fn abort(&mut self);
}

impl Engine for t1::Exchange<'_> {
    fn step(&self) -> Step {
        match self.step() {
            t1::Step::Send(bytes) => Step::Send(bytes.to_vec()),
            t1::Step::Receive(most) => Step::Receive { most },
            t1::Step::Done(result) => Step::Done(result.map_err(EngineError::T1)),
        }
    }

    fn sent(&mut self) {
        self.sent();
    }

    fn received(&mut self, byte: u8) {
        self.received(byte, CHARACTER);
    }

    fn parity_error(&mut self) {
        self.parity_error(CHARACTER);
    }

    fn timed_out(&mut self) {
        self.timed_out();
    }

    fn abort(&mut self) {
        self.abort();
    }
}

/// T=0 with the status word at the end of the response, as in `R:`.
struct T0<'a>(t0::Exchange<'a>);

impl Engine for T0<'_> {
    fn step(&self) -> Step {
        match self.0.step() {
            t0::Step::Send(bytes) => Step::Send(bytes.to_vec()),
            t0::Step::Receive(most) => Step::Receive { most },
            t0::Step::Done(Ok(response)) => Step::Done(Ok(response.len)),
            t0::Step::Done(Err(error)) => Step::Done(Err(EngineError::T0(error))),
        }
    }

    fn sent(&mut self) {
        self.0.sent();
    }

    fn received(&mut self, byte: u8) {
        self.0.received(byte, CHARACTER);
    }

    /// The error signal makes the card repeat the character (clause 7.3). This happens below the engine.
    fn parity_error(&mut self) {}

    fn timed_out(&mut self) {
        self.0.timed_out();
    }

    fn abort(&mut self) {}
}

/// The name of a T=0 error for `E:`.
const fn t0_name(error: T0Error) -> &'static str {
    match error {
        T0Error::ExtendedLength => "extended-length",
        T0Error::InsNotAllowed(_) => "ins-not-allowed",
        T0Error::Timeout => "timeout",
        T0Error::ProcedureByte(_) => "procedure-byte",
        T0Error::BudgetExceeded => "out-of-time",
        T0Error::TooManyFollowUps => "too-many-follow-ups",
        T0Error::BufferTooSmall => "buffer-too-small",
    }
}

/// Plays an exchange.
pub fn replay(exchange: &Exchange) -> Result<(), Failure> {
    let settings = exchange.settings;
    let edc = if settings.crc { Edc::Crc } else { Edc::Lrc };
    let parameters =
        Parameters { ifsc: settings.ifsc, bwi: settings.bwi, cwi: settings.cwi, edc, ..Parameters::default() };
    let mut link = Connection::new(parameters);
    let mut tokens = &exchange.tokens[..];
    let mut buffer = vec![0; 65_538];
    while let [start, rest @ ..] = tokens {
        let mut player = Player { tokens: rest, after: start.number + 1, parity: false };
        let response = match &start.what {
            What::Command(apdu) if settings.t1 => {
                let limits = t1::Limits::new(&link, apdu.len(), buffer.len());
                let result = player.run(&mut link.exchange(apdu, &mut buffer, limits))?;
                result.map(|len| buffer[..len].to_vec())
            }
            What::Command(apdu) => player.t0(apdu, start.number, settings.wi, &mut buffer)?,
            What::Ifsd(ifsd) => {
                let limits = t1::Limits::new(&link, 0, 0);
                match player.run(&mut link.negotiate_ifsd(*ifsd, limits))? {
                    // There is no response to deliver.
                    Ok(_) => {
                        tokens = player.tokens;
                        continue;
                    }
                    Err(end) => Err(end),
                }
            }
            other => {
                return Err(Failure { token: start.number, expected: Expected::Token(other.clone()), got: Got::End });
            }
        };
        player.finish(response)?;
        tokens = player.tokens;
    }
    Ok(())
}

/// The tokens that are left.
struct Player<'t> {
    tokens: &'t [Token],
    /// The number that a token after the last one would have.
    after: usize,
    /// The next character has wrong parity.
    parity: bool,
}

impl<'t> Player<'t> {
    fn t0(
        &mut self,
        apdu: &[u8],
        token: usize,
        wi: u8,
        buffer: &mut [u8],
    ) -> Result<Result<Vec<u8>, EngineError>, Failure> {
        let failure = |error| Failure { token, expected: Expected::CommandApdu, got: Got::NoApdu(error) };
        let command = Command::decode(apdu).map_err(failure)?;
        // A file that gives the engine an extended command has a card that accepts it.
        let limits = t0::Limits { envelope: true, ..t0::Limits::new(wi, 372, 1) };
        let mut engine = T0(t0::Exchange::new(&command, buffer, limits));
        let result = self.run(&mut engine)?;
        let sw = match engine.0.step() {
            t0::Step::Done(Ok(response)) => response.sw.0.to_be_bytes(),
            _ => [0; 2],
        };
        Ok(result.map(|len| [&buffer[..len], &sw].concat()))
    }

    /// Plays up to the end of the exchange.
    fn run(&mut self, engine: &mut dyn Engine) -> Result<Result<usize, EngineError>, Failure> {
        loop {
            if self.next_if(&What::Abort) {
                engine.abort();
            }
            match engine.step() {
                Step::Done(result) => return Ok(result),
                Step::Send(_) => {
                    let sent = send(engine);
                    match self.tokens {
                        // The file goes no further, and all blocks matched.
                        [] => return Ok(Ok(0)),
                        [Token { what: What::Sends(expected), .. }, ..] if *expected == sent => self.advance(),
                        _ => return Err(self.failure(Got::Sends(sent))),
                    }
                }
                Step::Receive { .. } => match self.tokens {
                    [] => return Ok(Ok(0)),
                    [Token { what: What::Receives(bytes), .. }, ..] => {
                        self.receive(engine, bytes)?;
                        self.advance();
                    }
                    [Token { what: What::Timeout, .. }, ..] => {
                        engine.timed_out();
                        self.advance();
                    }
                    [Token { what: What::Parity, .. }, ..] => {
                        self.parity = true;
                        self.advance();
                    }
                    _ => return Err(self.failure(Got::Awaits)),
                },
            }
        }
    }

    /// Gives the card's characters to the engine. After them comes the block guard time, by which T=1 knows that the
    /// block is over.
    fn receive(&mut self, engine: &mut dyn Engine, bytes: &[u8]) -> Result<(), Failure> {
        for (at, byte) in bytes.iter().enumerate() {
            if !matches!(engine.step(), Step::Receive { .. }) {
                return Err(self.failure(Got::HasAll { after: at }));
            }
            if std::mem::take(&mut self.parity) {
                engine.parity_error();
            } else {
                engine.received(*byte);
            }
        }
        if matches!(engine.step(), Step::Receive { most } if most <= BLOCK_GUARD_TIME) {
            engine.timed_out();
        }
        Ok(())
    }

    /// Compares the end of a command with `R:` or `E:`, if there is one.
    fn finish(&mut self, response: Result<Vec<u8>, EngineError>) -> Result<(), Failure> {
        match (self.tokens, response) {
            ([], Ok(_)) => Ok(()),
            ([Token { what: What::Command(_) | What::Ifsd(_), .. }, ..], Ok(_)) => Ok(()),
            ([Token { what: What::Response(expected), .. }, ..], Ok(got)) if *expected == got => {
                self.advance();
                Ok(())
            }
            ([Token { what: What::Error(expected), .. }, ..], Err(end)) if *expected == end.name() => {
                self.advance();
                Ok(())
            }
            (_, Ok(got)) => Err(self.failure(Got::Response(got))),
            (_, Err(end)) => Err(self.failure(Got::Error(end))),
        }
    }

    fn next_if(&mut self, what: &What) -> bool {
        let next = self.tokens.first().is_some_and(|token| token.what == *what);
        if next {
            self.advance();
        }
        next
    }

    fn advance(&mut self) {
        if let [first, rest @ ..] = self.tokens {
            self.after = first.number + 1;
            self.tokens = rest;
        }
    }

    fn failure(&self, got: Got) -> Failure {
        let (token, expected) = match self.tokens.first() {
            Some(token) => (token.number, Expected::Token(token.what.clone())),
            None => (self.after, Expected::End),
        };
        Failure { token, expected, got }
    }
}

/// Takes everything that the engine sends without a pause.
fn send(engine: &mut dyn Engine) -> Vec<u8> {
    let mut sent = Vec::new();
    while let Step::Send(bytes) = engine.step() {
        sent.extend(bytes);
        engine.sent();
    }
    sent
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn play(line: &str) -> Result<(), String> {
        let exchanges = parse::file(line).unwrap();
        replay(&exchanges[0]).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_failure_names_the_token_what_it_says_and_what_came() {
        for (line, failure) in [
            ("a: C:00840000 >000004008400008A", "token 2: expected >000004008400008A, got >0000040084000080"),
            ("a: C:00840000 <00", "token 2: expected <00, got >0000040084000080"),
            ("a: C:00840000 >0000040084000080 R:9000", "token 3: expected R:9000, got an engine that awaits the card"),
            ("a: C:00840000 >0000040084000080 <000002900092 R:9001", "token 4: expected R:9001, got R:9000"),
            ("a: C:00840000 >0000040084000080 <000002900092 E:x", "token 4: expected E:x, got R:9000"),
            ("a: C:00840000 >0000040084000080 <000002900092 !timeout", "token 4: expected !timeout, got R:9000"),
            (
                "a: t=0 C:84160000 >8416000000 <900055",
                "token 4: expected <900055, got an engine that has all it awaits after 2 of these characters",
            ),
            ("a: t=0 C:00610000", "token 3: expected the end, got E:ins-not-allowed (INS 61 cannot be told"),
            ("a: t=0 C:0061", "token 2: expected a command APDU, got 2 bytes are too few"),
        ] {
            let got = play(line).unwrap_err();
            assert!(got.starts_with(failure), "{line}: {got}");
        }
    }

    #[test]
    fn without_an_end_the_blocks_alone_must_match() {
        assert_eq!(play("a: C:00840000"), Ok(()));
        assert_eq!(play("a: C:00840000 >0000040084000080"), Ok(()));
        assert_eq!(play("a: C:00840000 >0000040084000080 <000002900092"), Ok(()));
        assert_eq!(play("a: C:00840000 >0000040084000080 <000002900092 C:00840000 >00400400840000C0"), Ok(()));
    }
}
