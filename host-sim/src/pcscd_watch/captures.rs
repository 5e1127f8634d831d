//! Captures of the cards in readers, a file each, written by a thread of its own: a disk that is slow stops no reader.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use qiyong_sim::world::event::Apdu;

use super::queue::{Next, Queue};
use super::writer::{Ended, Writer};
use crate::extras::CaptureFolder;
use crate::live::Live;
use crate::output::complain;
use crate::system::Refused;

/// Writes captures into a folder.
pub(super) struct Captures {
    folder: PathBuf,
    writer: Writer<Packet, ()>,
}

/// Something of a card. It says itself which capture it belongs to, since others before it may be missing.
struct Packet {
    reader: u32,
    capture: Arc<Path>,
    what: What,
}

/// What is written.
pub(super) enum What {
    /// The card is in.
    Begin,
    /// Its answer to reset.
    Atr(Vec<u8>),
    /// An APDU, its secrets masked.
    Apdu(Box<Apdu>),
}

impl Captures {
    /// Into this folder, which is made.
    ///
    /// # Errors
    /// The folder cannot be made, or the system gives no thread.
    pub(super) fn new(folder: &Path) -> Result<Self, String> {
        CaptureFolder::new(folder, &[]).map_err(|error| error.to_string())?;
        let captures = Self { folder: folder.into(), writer: Writer::default() };
        captures.writer.begin(write).map_err(Refused::Threads)?;
        Ok(captures)
    }

    /// The capture of a card that is put in: the reader's number, the name of the card's file, and which card of this reader it is.
    pub(super) fn of(&self, reader: u32, card: &Path, count: u32) -> Arc<Path> {
        let mut name = OsString::from(format!("{reader:02}-{count:03}-"));
        name.push(card.file_stem().unwrap_or_default());
        name.push(".pcapng");
        self.folder.join(name).into()
    }

    /// Writes something of the card in this reader.
    pub(super) fn write(&self, reader: u32, capture: &Arc<Path>, what: What) {
        let bytes = match &what {
            What::Begin => 0,
            What::Atr(atr) => atr.len(),
            What::Apdu(apdu) => apdu.name.len() + apdu.data.len() + apdu.response.len(),
        };
        self.writer.push(Packet { reader, capture: Arc::clone(capture), what }, bytes);
    }

    /// Waits a moment until all is written.
    pub(super) fn end(&self) {
        if let Ended::Left(packets) = self.writer.end() {
            complain(&missing(packets));
        }
    }
}

fn write(queue: &Queue<Packet>) {
    let mut readers: HashMap<u32, (Arc<Path>, Live)> = HashMap::new();
    while let Some(next) = queue.next() {
        let Packet { reader, capture, what } = match next {
            Next::Item(packet) => packet,
            Next::Missing(packets) => {
                complain(&missing(packets));
                continue;
            }
        };
        let (open, live) = readers.entry(reader).or_insert_with(|| begun(&capture));
        if *open != capture {
            (*open, *live) = begun(&capture);
        }
        match what {
            What::Begin => {}
            What::Atr(atr) => live.atr(&atr),
            What::Apdu(apdu) => live.apdu(&apdu),
        }
    }
}

fn begun(capture: &Arc<Path>) -> (Arc<Path>, Live) {
    let live = Live::create(capture).unwrap_or_else(|problem| {
        complain(&problem);
        Live::default()
    });
    (Arc::clone(capture), live)
}

fn missing(packets: u64) -> String {
    format!("{packets} parts of captures were not written, since the disk was too slow")
}
