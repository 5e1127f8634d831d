//! The centre's end of a line: a terminal's message in bytes, and the answer in bytes.
//!
//! The keys are chosen by the name in the message (F41, F42), before anything proves that name; the MAC proves it (docs/centre.md
//! §18). So another terminal's key opens no name but its own. A name has a master key, and a working key since it signed in.
//!
//! | What comes | What goes back |
//! |---|---|
//! | a request under the working key | its answer |
//! | a sign-in, a reversal or a confirmation under the master key | its answer |
//! | a reversal or a confirmation under a master key that has ended, of what was begun before that | its answer, under that key |
//! | a sign-off under a working key that has ended | done: it is over |
//! | any other message under a master key, or under a key that has ended | F39 A0, under that key; nothing else is done |
//! | a message with no or a wrong MAC, as one under the working key of a session before | F39 A0, under the name's last master key; nothing else is done |
//! | a message of a name that has no key | F39 A0, without a MAC; nothing else is done |
//! | a message with the right MAC that is not one complete request | F39 30; nothing else is done |
//! | bytes that are no message, or an answer | nothing: there is nobody to answer |
//!
//! A rejected message is not recorded in the journal, since anyone on the line could fill the journal with such
//! messages; it is counted (`rejections`). A terminal takes a rejection for no answer, and reverses if the message was a transaction: so nothing is
//! lost if the message was damaged on its way. One without a MAC it does not take for anything, since anyone could have
//! written it; it is there for whoever looks at the line.

use qiyong_protocol::card::codes::Region;
use qiyong_protocol::centre::iso8583::Message;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::message::{
    MESSAGE_MAX, MessageError, Parts, read_proved_request, read_request, response, sender, write_answer,
    write_open_rejection, write_rejection,
};
use qiyong_protocol::centre::{Answer, Body, Request, TerminalId};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::reason::Reason;

use crate::institution::records::area_of;
use crate::regions::Own;
use crate::store::failure::REPETITIONS;
use crate::terminal::home;
use crate::terminal::keys::{self, KnownTerminal, Proof, TerminalKey};
use crate::terminal::lag::ClockBound;
use crate::terminal::origin::{Origin, Told};
use crate::terminal::passed::{Asked, Heard, Passed};
use crate::terminal::proved::{Proved, Sort};
use crate::terminal::rejections::{self, Why};
use crate::{Centre, CentreError};

/// What comes back for one message of a batch.
pub type Answered = Result<Option<Vec<u8>>, CentreError>;

/// The answer to a request, or the area of the card whose home decides, and what that is told.
type Decided = Result<Answer, (Region, Told)>;

/// Whose message was rejected, as it says, and why.
type Rejected = ((InstitutionCode, TerminalId), Why);

/// The master key of terminals that have none of their own, at a centre with test keys alone. It is published: it proves
/// nothing, and hides no working key.
const TEST_MAC_KEY: [u8; 16] = *b"QIYONG TEST MAC.";

/// What is known of the key of a message.
enum Found {
    /// This one is right.
    Right(TerminalKey),
    /// None is; this is the one in force.
    Wrong(TerminalKey),
    /// The name has none.
    None,
}

fn published() -> TerminalKey {
    TerminalKey { key: test_mac_key(), sort: Sort::Master, ended: None }
}

/// The master key of test terminals.
pub const fn test_mac_key() -> X919 {
    X919::new(TEST_MAC_KEY)
}

impl Centre {
    /// Acts on one message in bytes; `None`: nothing is sent back.
    ///
    /// # Errors
    /// Those of [`Centre::handle`]. Also if an answer cannot be written, which does not happen to a centre within its
    /// bounds.
    pub fn handle_bytes(&mut self, bytes: &[u8]) -> Result<Option<Vec<u8>>, CentreError> {
        self.repeatedly(|centre| centre.answer(bytes))
    }

    /// Acts on several messages in one transaction, in their order: all that was done is durable when this returns. What fails
    /// with one message fails with it alone. An answer is `None` where nothing is sent back.
    ///
    /// # Errors
    /// Nothing must be answered to any of them: the database cannot be reached, and nothing was done
    /// ([`CentreError::Unreachable`]); nor was it if others held it too long ([`CentreError::NoTurn`]); or whether it was done is not
    /// known ([`CentreError::Uncertain`]).
    pub fn handle_batch<B: AsRef<[u8]>>(&mut self, batch: &[B]) -> Result<Vec<Answered>, CentreError> {
        self.together(batch, |centre, message| centre.answer(message.as_ref()))
    }

    /// The same for the centre of a region, of which other centres ask something, too. What is to be passed on is durable as
    /// having been passed on when this returns.
    ///
    /// # Errors
    /// As [`Centre::handle_batch`].
    pub fn handle_asked(&mut self, own: &Own, batch: &[Asked]) -> Result<Vec<Result<Heard, CentreError>>, CentreError> {
        self.together(batch, |centre, asked| match asked {
            Asked::Message(bytes) => centre.hear(bytes, Some((own, false))),
            Asked::Stranger(bytes) => centre.hear(bytes, Some((own, true))),
            Asked::Passed(passed) => {
                centre.answer_passed(passed).map(|bytes| Heard::Answer { bytes, proved: Proved::default() })
            }
        })
    }

    /// The terminals that have a key in force: whoever stands before several regions can tell them, under their keys, that theirs
    /// is down. No more than 65,536.
    ///
    /// # Errors
    /// The database failed.
    pub fn known_terminals(&self) -> Result<Vec<KnownTerminal>, CentreError> {
        keys::in_force((&self.store, &self.store.vault))
    }

    fn together<T, R>(
        &mut self,
        batch: &[T],
        one: impl Fn(&Self, &T) -> Result<R, CentreError>,
    ) -> Result<Vec<Result<R, CentreError>>, CentreError> {
        let together = self.repeatedly(|centre| {
            let answers = || batch.iter().map(|asked| one(centre, asked).map(Ok)).collect();
            centre.store.atomically(|_| answers())
        });
        match together {
            Err(CentreError::Unreachable { .. } | CentreError::NoTurn(_) | CentreError::Uncertain(_)) | Ok(_) => {
                together
            }
            // It was taken back as a whole: whose fault it was shows when each is made alone.
            Err(_) => {
                let mut answers = Vec::new();
                for asked in batch {
                    match self.repeatedly(|centre| centre.store.atomically(|_| one(centre, asked))) {
                        Err(error @ (CentreError::Unreachable { .. } | CentreError::NoTurn(_)))
                            if answers.is_empty() =>
                        {
                            return Err(error);
                        }
                        answer => answers.push(answer),
                    }
                }
                Ok(answers)
            }
        }
    }

    /// Makes a transaction again that failed for what others did at the same time.
    pub(crate) fn repeatedly<T>(
        &mut self,
        mut work: impl FnMut(&Self) -> Result<T, CentreError>,
    ) -> Result<T, CentreError> {
        let mut left = REPETITIONS;
        loop {
            match work(self) {
                Err(CentreError::Store(error)) if error.may_be_repeated() && left > 0 => left -= 1,
                done => return done,
            }
        }
    }

    /// The answer to a message on which the centre does not act, whatever it asks, for this reason.
    ///
    /// # Errors
    /// There is none: the terminal's key cannot be looked up.
    pub fn refuse_bytes(&self, bytes: &[u8], reason: Reason) -> Result<Option<Vec<u8>>, CentreError> {
        Ok(self.answer_with(bytes, |_, _| Ok(Ok(Answer::Refused(reason))))?.0.answer())
    }

    fn answer(&self, bytes: &[u8]) -> Result<Option<Vec<u8>>, CentreError> {
        Ok(self.hear(bytes, None)?.answer())
    }

    /// Acts on a message. `region`: the region that this centre serves, if it serves one, and whether it is to act on what an
    /// institution sends that it does not know.
    fn hear(&self, bytes: &[u8], region: Option<(&Own, bool)>) -> Result<Heard, CentreError> {
        if let Some((_, false)) = region
            && let Ok((institution, _)) =
                Message::read(bytes).map_err(MessageError::from).and_then(|message| sender(&message))
            && area_of(&self.store, institution)?.is_none()
        {
            return Ok(Heard::NotHere);
        }
        let (heard, rejected) = self.answer_with(bytes, |request, proof| {
            if let Some((own, _)) = region
                && let Some((area, told)) = home::elsewhere(self.files(), own, request)?
            {
                return Ok(Err((area, told)));
            }
            self.decide(request, Origin::Here, proof).map(Ok)
        })?;
        if let Some((sender, why)) = rejected {
            rejections::note(self.files(), sender, why)?;
        }
        Ok(heard)
    }

    /// What is answered, and why a message was rejected that names its sender.
    fn answer_with(
        &self,
        bytes: &[u8],
        decide: impl FnOnce(&Request<'_>, &Proof) -> Result<Decided, CentreError>,
    ) -> Result<(Heard, Option<Rejected>), CentreError> {
        let silence = Heard::Answer { bytes: None, proved: Proved::default() };
        let Ok(message) = Message::read(bytes) else { return Ok((silence, None)) };
        if message.mti().answer() == message.mti() {
            return Ok((silence, None));
        }
        let mut rejected = None;
        let mut buffer = [0; MESSAGE_MAX];
        let mut parts = Parts::default();
        let mut proved = Proved::default();
        let answer = match self.key_of(&message)? {
            Found::Right(known) => match read_proved_request(&message, &mut parts) {
                Ok(request) if self.believes(&request, &known)? => {
                    let asked = message.mac().map(|mac| mac.0.escape_ascii().to_string());
                    let proof = Proof { key: known.key, asked };
                    let answer = match decide(&request, &proof)? {
                        Ok(answer) => answer,
                        Err((area, told)) => {
                            let passed = Passed { bytes: bytes.to_vec(), key: proof.key, area, told };
                            return Ok((Heard::Pass(passed), None));
                        }
                    };
                    if known.ended.is_none() {
                        proved = Proved::of(known.sort, &proof.key, &answer);
                    }
                    write_answer(&answer, &message, &proof.key, &mut buffer)
                }
                Ok(_) => {
                    rejected = Some(Why::OtherKey);
                    write_rejection(response::MAC, &message, &known.key, &mut buffer)
                }
                Err(_) => {
                    rejected = Some(Why::NoRequest);
                    write_rejection(response::FORMAT, &message, &known.key, &mut buffer)
                }
            },
            Found::Wrong(last) => {
                rejected = Some(Why::WrongMac);
                write_rejection(response::MAC, &message, &last.key, &mut buffer)
            }
            Found::None => write_open_rejection(response::MAC, &message, &mut buffer),
        };
        let bytes = answer.map(|bytes| Some(bytes.to_vec())).map_err(CentreError::Answer)?;
        Ok((Heard::Answer { bytes, proved }, sender(&message).ok().zip(rejected)))
    }

    /// Decides what the home centre of a terminal has passed on; the answer is under the terminal's key.
    fn answer_passed(&self, passed: &Passed) -> Result<Option<Vec<u8>>, CentreError> {
        let Ok(message) = Message::read(&passed.bytes) else { return Ok(None) };
        let mut parts = Parts::default();
        // It was read so before.
        let request = read_request(&message, &passed.key, &mut parts).map_err(CentreError::Answer)?;
        let proof = Proof { key: passed.key.clone(), asked: None };
        let answer = self.decide(&request, Origin::Told(&passed.told), &proof)?;
        let mut buffer = [0; MESSAGE_MAX];
        let answer = write_answer(&answer, &message, &passed.key, &mut buffer);
        answer.map(|bytes| Some(bytes.to_vec())).map_err(CentreError::Answer)
    }

    /// The key of the terminal that the message names by which its MAC is right. The working key comes first: most messages are
    /// under it, and then no other is looked up.
    fn key_of(&self, message: &Message<'_>) -> Result<Found, CentreError> {
        let mut own = Vec::new();
        if let Ok((institution, terminal)) = sender(message) {
            let working = keys::working((&self.store, &self.store.vault), institution, terminal)?;
            if let Some(working) = working.filter(|known| message.is_authentic(&known.key)) {
                return Ok(Found::Right(working));
            }
            own = self.master_keys(institution, terminal)?;
        } else if self.hsm.has_test_keys() {
            own.push(published());
        }
        let right = own.iter().position(|known| message.is_authentic(&known.key));
        let found = own.into_iter().nth(right.unwrap_or(0));
        Ok(match found {
            Some(known) if right.is_some() => Found::Right(known),
            Some(known) => Found::Wrong(known),
            None => Found::None,
        })
    }

    /// The master keys of a name, the last one first.
    pub(super) fn master_keys(
        &self,
        institution: InstitutionCode,
        terminal: TerminalId,
    ) -> Result<Vec<TerminalKey>, CentreError> {
        let own = keys::of((&self.store, &self.store.vault), institution, terminal)?;
        // Whoever has, or had, a key of its own is not served under one that everybody knows.
        Ok(if own.is_empty() && self.hsm.has_test_keys() { vec![published()] } else { own })
    }

    /// Whether a request is believed under a key with which its MAC is right. Under a master key only what cannot wait for a
    /// session; under one that has ended only what is owed of what was begun by then, which is owed for ever. What was sold
    /// since cannot be undone with it.
    fn believes(&self, request: &Request<'_>, known: &TerminalKey) -> Result<bool, CentreError> {
        let Some(ended) = known.ended else {
            return Ok(known.sort == Sort::Working || request.body.is_under_master_key());
        };
        let original = match (known.sort, &request.body) {
            (Sort::Master, Body::Reverse { original, .. } | Body::Confirm { original, .. }) => original,
            // Said again, since its answer was lost: the session is over.
            (Sort::Working, Body::SignOff) => return Ok(true),
            _ => return Ok(false),
        };
        let Some(area) = area_of(&self.store, request.institution)? else { return Ok(false) };
        Ok(ClockBound::of(self.files(), area)?.admits_by(original.time, ended))
    }
}
