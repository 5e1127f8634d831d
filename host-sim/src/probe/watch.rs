//! Watching an image that runs: its log as it comes, its screen whenever it changes, and at the end how deep its stack
//! went.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::fit::Segment;
use super::image::{self, Image, ScreenText};
use super::log::Log;
use super::pins::{self, SlotPins};
use super::{DebugProbe, stack};

/// How often log and screen are looked at: the ring holds 1 KiB, and what is not fetched in time is overwritten. The image
/// never waits for that, as a card's times would not.
const LOOK: Duration = Duration::from_millis(10);

/// How much flash is compared at a time, in bytes.
const PIECE: usize = 4096;

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// A line of the log.
    Log(String),
    /// What the screen shows now.
    Screen(ScreenText),
    /// The end: the most of the stack that was used, how large it is, both in bytes, and the card slot's pins.
    End { stack: (usize, usize), pins: SlotPins },
}

/// Watches until `stop` is set or `tell` says that nobody listens; once only if `once`.
///
/// # Errors
/// When the probe fails.
pub(crate) fn watch<P: DebugProbe>(
    probe: &mut P,
    image: Image,
    once: bool,
    stop: &AtomicBool,
    tell: &mut dyn FnMut(Seen) -> bool,
) -> Result<(), P::Error> {
    let mut log = Log::new(image.table, image.rtt);
    let mut shown = None;
    loop {
        log.drain(probe)?;
        let mut heard = log.lines.drain(..).fold(true, |heard, line| tell(Seen::Log(line)) && heard);
        let screen = image::screen(probe, image.screen)?;
        if screen.is_some() && screen != shown {
            shown.clone_from(&screen);
            heard &= screen.is_none_or(|screen| tell(Seen::Screen(screen)));
        }
        if once || !heard || stop.load(Ordering::Relaxed) {
            break;
        }
        thread::sleep(LOOK);
    }
    let stack = stack::high_water(probe, image.stack)?;
    tell(Seen::End { stack, pins: pins::slot(probe)? });
    Ok(())
}

/// The first address where the chip's flash differs from the image; `None` if the chip has this very image.
///
/// # Errors
/// When the probe fails.
pub(crate) fn difference<P: DebugProbe>(probe: &mut P, segments: &[Segment]) -> Result<Option<u64>, P::Error> {
    for segment in segments {
        let mut at = segment.load;
        for piece in segment.data.chunks(PIECE) {
            let flash = probe.read(at, piece.len())?;
            if let Some(same) = (0u64..).zip(piece.iter().zip(&flash)).find(|(_, (ours, theirs))| ours != theirs) {
                return Ok(Some(at + same.0));
            }
            at += piece.len() as u64;
        }
    }
    Ok(None)
}
