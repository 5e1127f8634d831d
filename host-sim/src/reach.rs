//! Where a verb's centre is, `--centre FILE|tcp://HOST:PORT`: a database file, which is opened in this process, or a centre at
//! the other end of a connection.

use std::path::PathBuf;

use jiff::civil::DateTime;

use qiyong::in_process::InProcess;
#[cfg(feature = "serve")]
use qiyong::tcp::TcpCentre;
#[cfg(feature = "serve")]
use qiyong_centre::clock::{Clock, SystemClock};
use qiyong_centre::{JournalEntry, Phase};
use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::{Stan, TerminalId};
use qiyong_protocol::rules::decision::CardRecord;
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_sim::world::centre::{CentreEnd, CentreFailure};

use crate::centre;
use crate::live::Live;

/// What a centre's address over TCP begins with.
const SCHEME: &str = "tcp://";

/// Where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// In this file.
    File(PathBuf),
    /// At this `HOST:PORT`.
    Tcp(String),
}

impl Target {
    /// The words of a command line.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let Some(address) = text.strip_prefix(SCHEME) else { return Ok(Self::File(text.into())) };
        let is_whole = address
            .rsplit_once(':')
            .is_some_and(|(host, port)| !host.is_empty() && port.parse() != Ok(0_u16) && port.parse::<u16>().is_ok());
        if is_whole { Ok(Self::Tcp(address.into())) } else { Err(format!("write it as {SCHEME}HOST:PORT")) }
    }
}

/// A centre that was reached, and who listens to what goes there.
pub(crate) struct Reached {
    end: End,
    live: Live,
}

/// Where it was reached.
enum End {
    /// In this process.
    Here(Box<InProcess>),
    /// Behind a connection.
    #[cfg(feature = "serve")]
    There(TcpCentre),
}

impl Reached {
    /// Opens it, or connects to it, for a terminal with this key; says what to do if that fails.
    pub(crate) fn new(target: &Target, key: X919) -> Result<Self, String> {
        match target {
            Target::File(file) => {
                let centre = centre::open(&file.as_path().into())?;
                Ok(Self::here(InProcess::from(centre).with_key(key)))
            }
            #[cfg(feature = "serve")]
            Target::Tcp(address) => {
                let there = TcpCentre::connect(address, key).map_err(|error| error.to_string())?;
                Ok(Self { end: End::There(there), live: Live::default() })
            }
            #[cfg(not(feature = "serve"))]
            Target::Tcp(_) => {
                Err("this qiyong was built for a quick start, without TCP: build it with `cargo build -p qiyong`"
                    .into())
            }
        }
    }

    /// This one, in this process.
    pub(crate) fn here(centre: InProcess) -> Self {
        Self { end: End::Here(Box::new(centre)), live: Live::default() }
    }

    /// The same, with this capture of what goes there.
    pub(crate) fn captured(self, live: Live) -> Self {
        Self { live, ..self }
    }

    /// The time by its clock; where one cannot look, by the system's, as it should be there.
    pub(crate) fn now(&self) -> DateTime {
        match &self.end {
            End::Here(centre) => centre.now(),
            #[cfg(feature = "serve")]
            End::There(_) => SystemClock.now(),
        }
    }

    /// What it knows of a card, if one can look.
    pub(crate) fn card(&self, number: &CardNumber) -> Option<CardRecord> {
        match &self.end {
            End::Here(centre) => centre.card(number).ok().flatten(),
            #[cfg(feature = "serve")]
            End::There(_) => None,
        }
    }

    /// What its journal says became of this transaction, the last of its number, if one can look.
    pub(crate) fn phase(&self, institution: InstitutionCode, terminal: TerminalId, stan: Stan) -> Option<Phase> {
        match &self.end {
            End::Here(centre) => {
                let is_it = |entry: &&JournalEntry| {
                    (entry.institution, entry.terminal.as_str()) == (institution, terminal.as_str())
                        && entry.stan == Some(stan)
                };
                centre.journal().ok()?.iter().rev().find(is_it)?.phase
            }
            #[cfg(feature = "serve")]
            End::There(_) => None,
        }
    }

    /// Ends the lease of a terminal's name, if one can: of a centre somewhere else only its engineers can.
    #[cfg(boards)]
    pub(crate) fn release(&mut self, institution: InstitutionCode, terminal: TerminalId) -> Result<(), String> {
        match &mut self.end {
            End::Here(centre) => centre.release(institution, terminal).map(|_| ()).map_err(|error| error.to_string()),
            #[cfg(feature = "serve")]
            End::There(_) => Ok(()),
        }
    }

    fn end(&self) -> &dyn CentreEnd {
        match &self.end {
            End::Here(centre) => &**centre,
            #[cfg(feature = "serve")]
            End::There(centre) => centre,
        }
    }

    fn end_mut(&mut self) -> &mut dyn CentreEnd {
        match &mut self.end {
            End::Here(centre) => &mut **centre,
            #[cfg(feature = "serve")]
            End::There(centre) => centre,
        }
    }
}

impl CentreEnd for Reached {
    fn answer(&mut self, request: &[u8]) -> Result<Option<Vec<u8>>, CentreFailure> {
        self.live.message(true, request);
        let answer = self.end_mut().answer(request)?;
        if let Some(answer) = &answer {
            self.live.message(false, answer);
        }
        Ok(answer)
    }

    fn set_time(&mut self, now: Timestamp) {
        self.end_mut().set_time(now);
    }

    fn key(&self) -> X919 {
        self.end().key()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_file_unless_it_says_tcp_and_then_it_has_host_and_port() {
        for file in ["centre.db", "./tcp:/x", "C:centre.db", "tcp:9000"] {
            assert_eq!(Target::parse(file), Ok(Target::File(file.into())));
        }
        for address in ["127.0.0.1:9000", "centre.example:1", "[::1]:65535"] {
            assert_eq!(Target::parse(&format!("tcp://{address}")), Ok(Target::Tcp(address.into())));
        }
        for wrong in ["", "9000", ":9000", "host", "host:", "host:0", "host:65536", "host:x"] {
            assert!(Target::parse(&format!("tcp://{wrong}")).is_err(), "{wrong}");
        }
    }
}
