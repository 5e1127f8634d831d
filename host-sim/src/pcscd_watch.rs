//! `--trace` and `--capture DIR` of `qiyong pcscd` and `qiyong vicc`: what passes between programs and cards, told row by row, and in a file a card for
//! Wireshark. Secrets are masked before anything is told or written (`qiyong_sim::overheard`), and before anything waits to be: what is
//! seen under a reader's lock goes into queues, which other threads write.

mod captures;
mod queue;
mod teller;
mod writer;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use clap::Args;

use qiyong_pcsc::codes::protocol;
use qiyong_pcsc::slot::{Happening, Observer, Seen, SlotFailure};
use qiyong_protocol::iso7816::sw::StatusWord;
use qiyong_sim::overheard::{Heard, Listener};

use self::captures::{Captures, What};
pub(crate) use self::teller::Teller;
use crate::output::Output;
use crate::story::{answer_row, atr_words, command_row, pad};

/// Whether somebody watches, and how.
#[derive(Args, Debug)]
pub(crate) struct WatchArgs {
    /// Print each APDU that passes, decoded, with the reader and the program, and with PINs, keys and ID numbers masked
    #[arg(long)]
    trace: bool,
    /// Write a pcapng for Wireshark into DIR for each card that is put in; secrets are masked. Files that are there are replaced
    #[arg(long, value_name = "DIR")]
    capture: Option<PathBuf>,
}

impl WatchArgs {
    /// Whoever watches, if somebody does.
    ///
    /// # Errors
    /// There can be no captures.
    pub(crate) fn watch(&self) -> Result<Option<Arc<Watch>>, String> {
        let captures = self.capture.as_deref().map(Captures::new).transpose()?;
        let teller = self.trace.then(Arc::default);
        let is_watched = captures.is_some() || teller.is_some();
        let (start, readers) = (Instant::now(), Mutex::default());
        Ok(is_watched.then(|| Arc::new(Watch { start, teller, captures, readers })))
    }
}

/// Watches a server, and tells.
pub(crate) struct Watch {
    start: Instant,
    teller: Option<Arc<Teller>>,
    captures: Option<Captures>,
    /// By their numbers.
    readers: Mutex<HashMap<u32, AtReader>>,
}

/// What is known of a reader.
#[derive(Default)]
struct AtReader {
    listener: Listener,
    /// The capture of the card in it.
    capture: Option<Arc<Path>>,
    /// How many cards have been put in.
    cards: u32,
}

impl Watch {
    /// Whoever tells rows, if somebody does: once it begins.
    pub(crate) const fn teller(&self) -> Option<&Arc<Teller>> {
        self.teller.as_ref()
    }

    /// The server has said where it listens: from now on rows are told as they come.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn begin(&self) -> Result<(), String> {
        self.teller.as_ref().map_or(Ok(()), |teller| teller.begin())
    }

    /// Nothing happens any more: waits a moment until all is written.
    pub(crate) fn end(&self, output: &mut Output) {
        self.captures.iter().for_each(Captures::end);
        self.teller.iter().for_each(|teller| teller.end(output));
    }

    /// Hands what happened to the capture; returns it in words.
    fn rows(&self, at: &mut AtReader, seen: &Seen<'_>) -> Vec<String> {
        let write = |at: &AtReader, what: What| {
            if let (Some(captures), Some(capture)) = (&self.captures, &at.capture) {
                captures.write(seen.number, capture, what);
            }
        };
        match seen.what {
            Happening::ReaderCame => vec!["the reader is there".into()],
            Happening::ReaderWent => vec!["the reader is gone".into()],
            Happening::CardIn(file) => {
                at.cards += 1;
                at.listener.reset();
                at.capture = self.captures.as_ref().map(|captures| captures.of(seen.number, file, at.cards));
                write(at, What::Begin);
                vec![format!("the card {} is in", file.display())]
            }
            Happening::CardOut => {
                at.capture = None;
                vec!["the card is out".into()]
            }
            Happening::Reset(Ok(atr)) => {
                at.listener.reset();
                write(at, What::Atr(atr.to_vec()));
                vec![format!("ATR {}  {}", hex::encode_upper(atr), atr_words(atr))]
            }
            Happening::Reset(Err(failure)) => vec![format!("no ATR: {failure}")],
            Happening::Exchanged(command, Ok(answer)) => match at.listener.exchanged(command, answer) {
                Some(heard) => {
                    let rows = exchange(&heard, None);
                    if let Heard::Apdu(apdu) = heard {
                        write(at, What::Apdu(apdu));
                    }
                    rows
                }
                None => Vec::new(),
            },
            Happening::Exchanged(command, Err(failure)) => exchange(&at.listener.unanswered(command), Some(failure)),
            Happening::Connected(share, Ok(active)) => {
                vec![format!("connects, {}", [share.word(), protocol::word(active)].join(" ").trim_end())]
            }
            Happening::Connected(share, Err(rv)) => vec![format!("is refused a connection, {}: {rv}", share.word())],
            Happening::Disconnected => vec!["disconnects".into()],
        }
    }
}

impl Observer for Watch {
    fn saw(&self, seen: &Seen<'_>) {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = self.rows(readers.entry(seen.number).or_default(), seen);
        let Some(teller) = &self.teller else { return };
        let since = self.start.elapsed();
        let whom = match seen.program {
            Some(program) => format!("{}  {program}", seen.reader),
            None => seen.reader.to_string(),
        };
        let names = format!("{:>6}.{:03}  {whom}  ", since.as_secs(), since.subsec_millis());
        // Under the lock: rows are in the order of their times.
        rows.into_iter().for_each(|row| teller.row(names.clone(), row));
    }
}

/// A command and its answer, a row each.
fn exchange(heard: &Heard, failure: Option<SlotFailure>) -> Vec<String> {
    let (command, answer) = match heard {
        Heard::Apdu(apdu) => {
            let answer = format!("← {}  {}", answer_row(apdu, usize::MAX), words(apdu.sw));
            (format!("→ {}  {}", pad(&command_row(apdu, usize::MAX), 46), apdu.name), answer)
        }
        Heard::Rubbish { head, len, sw } => {
            let what = format!("no APDU: {len} bytes whose lengths do not fit");
            (format!("→ {head}…  {what}"), format!("← {sw}  {}", words(*sw)))
        }
    };
    vec![command, failure.map_or(answer, |failure| format!("× {failure}"))]
}

/// What a status word means, with the tries that are left.
fn words(sw: StatusWord) -> String {
    match sw.verification_tries() {
        Some(tries) => format!("verification failed, tries left: {tries}"),
        None => sw.meaning().into(),
    }
}
