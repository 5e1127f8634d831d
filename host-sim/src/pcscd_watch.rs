//! `--trace` and `--capture DIR` of `qiyong pcscd` and `qiyong vicc`: what passes between programs and cards, told row by row, and in a file a card for
//! Wireshark. Secrets are masked before anything is told or written (`qiyong_sim::overheard`).

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use clap::Args;

use qiyong_pcsc::codes::protocol;
use qiyong_pcsc::slot::{Happening, Observer, Seen, SlotFailure};
use qiyong_protocol::iso7816::sw::StatusWord;
use qiyong_sim::overheard::{Heard, Listener};

use crate::extras::CaptureFolder;
use crate::live::Live;
use crate::output::{Output, complain};
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
        let is_watched = self.trace || self.capture.is_some();
        Ok(is_watched.then(|| Watch::new(self.trace, self.capture.as_deref())).transpose()?.map(Arc::new))
    }
}

/// Watches a server, and tells.
pub(crate) struct Watch(Mutex<Told>);

struct Told {
    start: Instant,
    trace: Trace,
    /// Where captures go.
    folder: Option<PathBuf>,
    /// By the numbers of the readers.
    readers: HashMap<u32, AtReader>,
}

/// Whether rows are told.
enum Trace {
    No,
    /// Later: these came before the server said where it listens.
    Held(Vec<String>),
    Told(Output),
}

/// What is known of a reader.
#[derive(Default)]
struct AtReader {
    listener: Listener,
    capture: Live,
    /// How many cards have been put in.
    cards: u32,
}

impl Watch {
    /// One that tells rows once [`Watch::begin`] is called, or writes captures into `folder`, which is made.
    ///
    /// # Errors
    /// The folder cannot be made.
    fn new(trace: bool, folder: Option<&Path>) -> Result<Self, String> {
        if let Some(folder) = folder {
            CaptureFolder::new(folder, &[]).map_err(|error| error.to_string())?;
        }
        let trace = if trace { Trace::Held(Vec::new()) } else { Trace::No };
        let folder = folder.map(Path::to_path_buf);
        Ok(Self(Mutex::new(Told { start: Instant::now(), trace, folder, readers: HashMap::new() })))
    }

    /// The server has said where it listens: from now on rows are told as they come.
    pub(crate) fn begin(&self) {
        let mut told = self.lock();
        if let Trace::Held(rows) = &mut told.trace {
            let mut output = Output::default();
            rows.iter().for_each(|row| output.line(row));
            told.trace = Trace::Told(output);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Watch {
    fn saw(&self, seen: &Seen<'_>) {
        let mut told = self.lock();
        let rows = told.rows(seen);
        let since = told.start.elapsed();
        let whom = match seen.program {
            Some(program) => format!("{}  {program}", seen.reader),
            None => seen.reader.to_string(),
        };
        let rows = rows.iter().map(|row| format!("{:>6}.{:03}  {whom}  {row}", since.as_secs(), since.subsec_millis()));
        match &mut told.trace {
            Trace::No => {}
            Trace::Held(held) => held.extend(rows),
            Trace::Told(output) => rows.for_each(|row| output.line(&row)),
        }
    }
}

impl Told {
    /// Writes what happened into the capture; returns it in words.
    fn rows(&mut self, seen: &Seen<'_>) -> Vec<String> {
        let at = self.readers.entry(seen.number).or_default();
        match seen.what {
            Happening::ReaderCame => vec!["the reader is there".into()],
            Happening::ReaderWent => vec!["the reader is gone".into()],
            Happening::CardIn(file) => {
                at.cards += 1;
                at.listener.reset();
                at.capture = self
                    .folder
                    .as_deref()
                    .map(|folder| capture(folder, seen.number, file, at.cards))
                    .unwrap_or_default();
                vec![format!("the card {} is in", file.display())]
            }
            Happening::CardOut => {
                at.capture = Live::default();
                vec!["the card is out".into()]
            }
            Happening::Reset(Ok(atr)) => {
                at.listener.reset();
                at.capture.atr(atr);
                vec![format!("ATR {}  {}", hex::encode_upper(atr), atr_words(atr))]
            }
            Happening::Reset(Err(failure)) => vec![format!("no ATR: {failure}")],
            Happening::Exchanged(command, Ok(answer)) => match at.listener.exchanged(command, answer) {
                Some(heard) => {
                    if let Heard::Apdu(apdu) = &heard {
                        at.capture.apdu(apdu);
                    }
                    exchange(&heard, None)
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

/// The capture of a card that was put in: the reader's number, the name of the card's file, and which card of this reader it is.
fn capture(folder: &Path, reader: u32, card: &Path, count: u32) -> Live {
    let mut name = std::ffi::OsString::from(format!("{reader:02}-{count:03}-"));
    name.push(card.file_stem().unwrap_or_default());
    name.push(".pcapng");
    Live::create(&folder.join(name)).unwrap_or_else(|problem| {
        complain(&problem);
        Live::default()
    })
}
