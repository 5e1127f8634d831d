//! The TPDUs in which T=0 carries one APDU: what clause 12.2 requires of the terminal, whoever moves the characters.
//!
//! A case 4 command goes without its Le. After 61xx and after warnings comes GET RESPONSE, after 6Cxx the same command
//! with the right Le. An extended APDU goes in ENVELOPEs. Characters, procedure bytes and time are not known here:
//! [`super::Exchange`] moves a TPDU character by character, a PC/SC reader moves it whole.

use super::error::T0Error;
use super::procedure::{ENVELOPE, GET_RESPONSE, is_6x_or_9x, length_of, serving_class};
use crate::iso7816::apdu::{Command, EXTENDED_NC_MAX, EXTENDED_NE_MAX, Pieces, SHORT_NC_MAX, SHORT_NE_MAX};
use crate::iso7816::sw::StatusWord;

/// One command APDU as a sequence of TPDUs, one of which is under way.
///
/// For each TPDU: send [`Tpdus::header`]. Then, by [`Tpdus::direction`], send [`Tpdus::data`] and report that to
/// [`Tpdus::sent`], or receive data and report that to [`Tpdus::received`]. At the end give the status word to
/// [`Tpdus::status`], which says whether another TPDU follows. Do the same for a TPDU that the card ends before its
/// data has moved.
///
/// There is no `Debug`, since the data may be a PIN.
pub struct Tpdus<'a> {
    /// What goes to the card after headers: the command's data; or if it goes in ENVELOPEs, the whole APDU.
    data: Pieces<'a>,
    ne: usize,
    header: [u8; 5],
    direction: Direction,
    /// Where in `data` this TPDU's data ends: before its end only if more ENVELOPEs follow.
    end: usize,
    sent: usize,
    /// Response bytes gathered so far, over all TPDUs.
    len: usize,
    /// Whether this TPDU has brought some of them.
    begun: bool,
    /// The status word of a warning whose response data is being fetched (clause 12.2.5).
    warning: Option<StatusWord>,
    /// Follow-ups that are left.
    follow_ups: u16,
}

/// Which way the data of a TPDU goes; T=0 never moves data both ways in one TPDU (clause 10.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Direction {
    /// To the card; also if there is no data (case 1).
    ToCard,
    /// From the card.
    FromCard,
}

impl<'a> Tpdus<'a> {
    /// The most follow-ups (GET RESPONSE, corrected Le) that a terminal should need for one APDU, plus one for each 256
    /// expected response bytes. The standard has no limit.
    pub const FOLLOW_UPS: u8 = 32;

    /// The TPDUs of `command`. There are at most `follow_ups` follow-ups, plus one for each 256 expected response
    /// bytes. `envelope`: the card says that it takes extended lengths, so commands of more than 255 data bytes go in
    /// ENVELOPEs.
    ///
    /// # Errors
    /// [`T0Error::InsNotAllowed`] and [`T0Error::ExtendedLength`], before anything is sent.
    pub fn new(command: Command<'a>, envelope: bool, follow_ups: u8) -> Result<Self, T0Error> {
        Self::allowed(&command, envelope)?;
        Ok(Self::in_envelopes(&command, follow_ups))
    }

    /// Whether T=0 can carry `command`. For callers that begin with it in either case, and keep the error.
    pub(super) const fn allowed(command: &Command<'_>, envelope: bool) -> Result<(), T0Error> {
        let Command { ins, data, ne, .. } = *command;
        if is_6x_or_9x(ins) {
            Err(T0Error::InsNotAllowed(ins))
        } else if (data.len() > SHORT_NC_MAX && !envelope) || data.len() > EXTENDED_NC_MAX || ne > EXTENDED_NE_MAX {
            Err(T0Error::ExtendedLength)
        } else {
            Ok(())
        }
    }

    /// The first TPDU of a command that is allowed and short. For any other command the result is useless but harmless.
    #[inline]
    pub(super) fn begin(command: &Command<'a>, follow_ups: u8) -> Self {
        let Command { cla, ins, p1, p2, data, ne } = *command;
        // Clause 12.2: P3 is Lc for cases 3 and 4, Le for case 2, 00 for case 1; Le from 256 on is coded 00.
        let (direction, p3) = match (data.len(), ne) {
            (0, 1..=SHORT_NC_MAX) => (Direction::FromCard, ne),
            (0, SHORT_NE_MAX..) => (Direction::FromCard, 0),
            (nc, _) => (Direction::ToCard, nc),
        };
        Self {
            data: Pieces::raw(data),
            ne,
            header: [cla, ins, p1, p2, p3 as u8],
            direction,
            end: data.len(),
            sent: 0,
            len: 0,
            begun: false,
            warning: None,
            follow_ups: u16::from(follow_ups) + (ne / SHORT_NE_MAX) as u16,
        }
    }

    /// The same for a command that may be too long for one TPDU: then its APDU goes in ENVELOPEs.
    pub(super) fn in_envelopes(command: &Command<'a>, follow_ups: u8) -> Self {
        let mut tpdus = Self::begin(command, follow_ups);
        if command.data.len() > SHORT_NC_MAX
            && let Ok(apdu) = Pieces::of(command)
        {
            (tpdus.header, tpdus.end) = envelope(command.cla, apdu.len(), 0);
            tpdus.data = apdu;
        }
        tpdus
    }

    /// CLA INS P1 P2 P3 of the current TPDU: the header of the command itself, of an ENVELOPE, or of a GET RESPONSE.
    pub const fn header(&self) -> &[u8; 5] {
        &self.header
    }

    /// Which way its data goes.
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// How many bytes of its data have still to be sent; 0 if there are none.
    pub const fn to_send(&self) -> usize {
        self.end.saturating_sub(self.sent)
    }

    /// How many bytes the card sends if it accepts the header.
    pub const fn to_receive(&self) -> usize {
        let [.., p3] = self.header;
        match self.direction {
            Direction::ToCard => 0,
            Direction::FromCard => length_of(p3),
        }
    }

    /// The next bytes to be sent that are in one piece, at most `most`.
    #[cfg_attr(not(target_os = "none"), inline)]
    pub fn data(&self, most: usize) -> &[u8] {
        self.data.from(self.sent, most)
    }

    /// So many of these bytes have been sent.
    pub const fn sent(&mut self, count: usize) {
        self.sent = self.sent.saturating_add(count);
    }

    /// How many bytes of data this TPDU moves if the card accepts the header.
    pub(super) const fn to_move(&self) -> usize {
        match self.direction {
            Direction::ToCard => self.to_send(),
            Direction::FromCard => self.to_receive(),
        }
    }

    /// So many response bytes came. Returns how many of them count: a card that corrected Le upwards sends more than Ne
    /// bytes, and only the first Ne are delivered (clause 12.2.3).
    #[inline]
    pub fn received(&mut self, count: usize) -> usize {
        let counted = self.wanted().min(count);
        if count > 0 {
            self.begun = true;
        }
        self.len += counted;
        counted
    }

    /// Whether this is the last TPDU if it ends with 9000, and 9000 is the status word of the APDU.
    #[inline]
    pub(super) const fn is_usual(&self) -> bool {
        self.data.is_plain() && self.warning.is_none()
    }

    /// How many response bytes will still count.
    #[inline]
    pub(super) const fn wanted(&self) -> usize {
        self.ne - self.len
    }

    /// How many response bytes have counted so far, over all TPDUs. In the end this is the length of the response data.
    pub const fn response_len(&self) -> usize {
        self.len
    }

    /// The current TPDU ended with this status word. `None`: another TPDU follows. Otherwise the result is the APDU's
    /// status word, which is 61xx or 6Cxx only where these cannot be followed up.
    ///
    /// # Errors
    /// [`T0Error::TooManyFollowUps`].
    #[cfg_attr(not(target_os = "none"), inline)]
    pub fn status(&mut self, sw: StatusWord) -> Result<Option<StatusWord>, T0Error> {
        let wanted = self.wanted();
        let [cla, ins, p1, p2, _] = self.header;
        match sw.sw1() {
            0x90 if self.end < self.data.len() && self.sent == self.end => {
                (self.header, self.end) = envelope(cla, self.data.len(), self.sent);
                Ok(None)
            }
            0x6C if self.direction == Direction::FromCard && !self.begun => {
                self.follow_up([cla, ins, p1, p2, sw.sw2()])
            }
            0x61 if wanted > 0 => self.get_response(length_of(sw.sw2()).min(wanted)),
            // If a case 4 command ends with a warning, its response must be fetched too, and the terminal delivers the
            // warning as the status word. The card says by 6Cxx how much there is. 63Cx is a count of tries, not a
            // warning.
            0x62 | 0x63 if self.fetchable() && sw.verification_tries().is_none() => {
                self.warning = Some(sw);
                self.get_response(wanted)
            }
            // By clause 12.2.5 the terminal sends GET RESPONSE also after a plain 9000 to a case 4 command. Readers of
            // these cards take 9000 for the end (docs/card.md §1.6), and so does this engine.
            _ => Ok(Some(self.warning.unwrap_or(sw))),
        }
    }

    /// Whether the card has received all of a command that carries data and expects a response.
    fn fetchable(&self) -> bool {
        // `begun`: a reader that fetches by itself has already brought the response.
        self.direction == Direction::ToCard
            && self.sent == self.data.len()
            && self.sent > 0
            && self.ne > self.len
            && !self.begun
    }

    /// GET RESPONSE for up to `count` bytes (ISO/IEC 7816-4 clause 7.6.1).
    fn get_response(&mut self, count: usize) -> Result<Option<StatusWord>, T0Error> {
        let [cla, ..] = self.header;
        self.follow_up([serving_class(cla), GET_RESPONSE, 0, 0, count.min(SHORT_NE_MAX) as u8])
    }

    /// Another TPDU for the same APDU; the data comes from the card.
    fn follow_up(&mut self, header: [u8; 5]) -> Result<Option<StatusWord>, T0Error> {
        self.follow_ups = self.follow_ups.checked_sub(1).ok_or(T0Error::TooManyFollowUps)?;
        self.begun = false;
        self.header = header;
        self.direction = Direction::FromCard;
        Ok(None)
    }
}

/// An ENVELOPE with the next piece of an APDU of `len` bytes, `sent` of which have gone out (clause 12.2.4): its header, and where the piece ends.
#[cfg_attr(target_os = "none", inline(never))]
fn envelope(cla: u8, len: usize, sent: usize) -> ([u8; 5], usize) {
    let count = match len.saturating_sub(sent) {
        // Le stays together with some data: after a piece that ends where the data ends, the card may assume an APDU
        // without Le.
        rest @ 256..=257 => rest - 3,
        rest => rest.min(SHORT_NC_MAX),
    };
    ([serving_class(cla), ENVELOPE, 0, 0, count as u8], sent + count)
}
