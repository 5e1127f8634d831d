//! A card centre somewhere else, at the other end of a connection: [`qiyong_iso::Line`] in the form in which simulated
//! terminals and emulated boards reach a centre. Nothing can be asked of it but what terminals ask.

use std::error::Error;
use std::fmt;

use qiyong_iso::{Line, LineError, Waits};
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_sim::world::centre::{CentreEnd, CentreFailure};

/// A centre behind a line. It keeps the time itself.
#[derive(Debug)]
pub struct TcpCentre {
    line: Line,
    key: X919,
}

/// Why there is no centre, in two languages.
#[derive(Debug)]
pub struct NoCentre(LineError);

impl fmt::Display for NoCentre {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.0, self.0.zh())
    }
}

impl Error for NoCentre {}

impl TcpCentre {
    /// The centre at `HOST:PORT`, once it can be reached, for a terminal that has this key.
    ///
    /// # Errors
    /// It cannot.
    pub fn connect(address: &str, key: X919) -> Result<Self, NoCentre> {
        let mut line = Line::new(address, Waits::default());
        line.connect().map_err(NoCentre)?;
        Ok(Self { line, key })
    }
}

impl CentreEnd for TcpCentre {
    fn answer(&mut self, request: &[u8]) -> Result<Option<Vec<u8>>, CentreFailure> {
        Ok(self.line.ask(request).map_err(NoCentre)?)
    }

    fn set_time(&mut self, _: Timestamp) {}

    fn key(&self) -> X919 {
        self.key.clone()
    }
}
