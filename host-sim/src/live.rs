//! `--capture`: what goes to and from a centre, a terminal or a card, in a file for Wireshark, while the verb works.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;

use qiyong_protocol::centre::message::MESSAGE_MAX;
use qiyong_protocol::frame::{Decoder, Peer, encoded_len};

use crate::dissector::opens;
use crate::extras::LiveCapture;
use crate::output::{aside, complain};

/// Where the capture is to be.
#[derive(Args, Debug)]
pub(crate) struct LiveArgs {
    /// Write what goes to and from the centre (and a till's frames) to FILE, a pcapng for Wireshark; secrets are masked. A file that
    /// is there is replaced
    #[arg(long, value_name = "FILE")]
    capture: Option<PathBuf>,
}

/// A capture under way, or none. One that cannot be written any more is complained of once, and ends: the work goes on.
#[derive(Clone, Default)]
pub(crate) struct Live(Option<Arc<Under>>);

struct Under {
    capture: LiveCapture,
    path: PathBuf,
    is_over: AtomicBool,
}

impl LiveArgs {
    /// Begins the capture, if one is wanted, and says how to look at it.
    pub(crate) fn begin(&self) -> Result<Live, String> {
        self.capture.as_deref().map_or_else(|| Ok(Live::default()), Live::create)
    }
}

impl Live {
    /// Begins a capture in this file, and says how to look at it.
    pub(crate) fn create(path: &Path) -> Result<Self, String> {
        let failed = |error| {
            format!(
                "{}: the capture cannot be made: {error}; check that its folder may be written and has room",
                path.display()
            )
        };
        let capture = LiveCapture::create(path).map_err(failed)?;
        // Standard output is for results.
        aside(&format!("capture: {}", opens(path)));
        Ok(Self(Some(Arc::new(Under { capture, path: path.into(), is_over: AtomicBool::new(false) }))))
    }

    /// A card's answer to reset.
    #[cfg(unix)]
    pub(crate) fn atr(&self, atr: &[u8]) {
        self.note(|capture| capture.atr(atr));
    }

    /// An APDU, its secrets masked.
    #[cfg(unix)]
    pub(crate) fn apdu(&self, apdu: &qiyong_sim::world::event::Apdu) {
        self.note(|capture| capture.apdu(apdu));
    }

    /// Writes, if there is a capture.
    fn note(&self, write: impl FnOnce(&LiveCapture) -> std::io::Result<()>) {
        let Some(under) = self.0.as_ref().filter(|under| !under.is_over.load(Ordering::Relaxed)) else { return };
        if let Err(error) = write(&under.capture)
            && !under.is_over.swap(true, Ordering::Relaxed)
        {
            complain(&format!(
                "{}: the capture cannot be written, and ends here: {error}; make room, and start it again",
                under.path.display()
            ));
        }
    }

    /// A message to or from the centre.
    pub(crate) fn message(&self, to_centre: bool, bytes: &[u8]) {
        self.note(|capture| capture.message_here(to_centre, bytes));
    }

    /// What a frame carries.
    pub(crate) fn frame(&self, to_terminal: bool, peer: Peer, payload: &[u8]) {
        self.note(|capture| capture.frame(to_terminal, peer, payload));
    }

    /// A whole frame, as it goes out.
    pub(crate) fn whole_frame(&self, to_terminal: bool, bytes: &[u8]) {
        if self.0.is_none() {
            return;
        }
        let mut decoder: Box<Decoder<{ encoded_len(MESSAGE_MAX) - 2 }>> = Box::default();
        for byte in bytes {
            if let Some(Ok(frame)) = decoder.push(*byte) {
                self.frame(to_terminal, frame.peer, frame.payload);
            }
        }
    }

    /// Whether there is one.
    #[cfg(feature = "serve")]
    pub(crate) const fn is_wanted(&self) -> bool {
        self.0.is_some()
    }
}

#[cfg(feature = "serve")]
impl qiyong_iso::Tap for Live {
    fn heard(&self, terminal: std::net::SocketAddr, centre: std::net::SocketAddr, to_centre: bool, bytes: &[u8]) {
        let whereto = crate::extras::Whereto { terminal, centre, to_centre };
        self.note(|capture| capture.message(whereto, bytes));
    }
}
