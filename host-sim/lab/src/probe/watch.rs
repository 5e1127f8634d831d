//! Watches a running image: its log as it comes, its screen whenever it changes, and at the end how much stack it used.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::fit::Segment;
use super::image::{self, Image, ScreenText};
use super::log::Log;
use super::pins::{self, SlotPins};
use super::{Counters, DebugProbe, counters, stack};

/// How often log and screen are read: the ring has 1 KiB, and messages that are not fetched in time are overwritten.
/// The image never waits for the probe, because a card would not wait for the image.
const LOOK: Duration = Duration::from_millis(10);

/// How much flash is compared in one step, in bytes.
const PIECE: usize = 4096;

/// What was observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A message of the log.
    Log(String),
    /// What the screen shows now.
    Screen(ScreenText),
    /// The end.
    End {
        /// The most bytes of the stack that were used, and its size.
        stack: (usize, usize),
        /// The card slot's pins.
        pins: SlotPins,
        /// The numbers that are kept over a power cut, if they can be read.
        counters: Option<Counters>,
    },
}

/// Watches until `stop` is set or `tell` reports that nobody listens; if `once`, only once.
///
/// # Errors
/// The probe fails.
pub fn watch<P: DebugProbe>(
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
        let mut heard = log.lines.drain(..).all(|line| tell(Seen::Log(line)));
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
    let counters = match image.flash_storage {
        Some(region) => counters::counters(probe, region)?,
        None => None,
    };
    tell(Seen::End { stack, pins: pins::slot(probe)?, counters });
    Ok(())
}

/// The first address where the chip's flash differs from the image; `None` if the chip has this very image.
///
/// # Errors
/// The probe fails.
pub fn difference<P: DebugProbe>(probe: &mut P, segments: &[Segment]) -> Result<Option<u64>, P::Error> {
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::path::Path;
    use std::rc::Rc;

    use super::super::fake::{FREE, Fake, Nothing, RAM, Ring, frame, table};
    use super::*;

    /// The screen's bytes: the number before them, and the English text.
    fn screen(number: u8, english: &str) -> Vec<u8> {
        let mut bytes = vec![0; 1 + 3 * 48];
        bytes[0] = number;
        bytes[1..=english.len()].copy_from_slice(english.as_bytes());
        bytes
    }

    fn image() -> Image {
        Image {
            vectors: 0,
            table: table(),
            rtt: RAM,
            screen: FREE,
            frame: FREE,
            stack: (FREE + 0x400, FREE + 0x440),
            live: Default::default(),
            storage: None,
            flash_storage: None,
        }
    }

    /// A fake that shows these screens one after the other, one for each read (a look takes two reads), and that logs
    /// at the first read.
    fn fake(screens: Vec<Vec<u8>>, stop: Option<&'static AtomicBool>) -> (Fake, Rc<Cell<usize>>) {
        let mut fake = Fake::new();
        let mut ring = Ring::new(&mut fake.memory, 64);
        ring.write(&mut fake.memory, &frame(7));
        fake.put(FREE + 0x400, &[0xCC; 0x40]);
        fake.put(FREE + 0x420, &[1]);
        let looks = Rc::new(Cell::new(0));
        let looked = Rc::clone(&looks);
        fake.before_read = Box::new(move |address, memory| {
            if address != FREE {
                return;
            }
            match screens.get(looked.replace(looked.get() + 1)) {
                Some(screen) => memory[0x1000..0x1000 + screen.len()].copy_from_slice(screen),
                None => stop.unwrap().store(true, Ordering::Relaxed),
            }
        });
        (fake, looks)
    }

    fn shown(english: &str) -> Seen {
        Seen::Screen(ScreenText { english: english.into(), ..ScreenText::default() })
    }

    #[test]
    fn a_screen_is_told_of_when_it_has_changed_and_is_whole_and_the_end_tells_of_the_stack() {
        static STOP: AtomicBool = AtomicBool::new(false);
        // Not yet drawn; the same again; half written; written during the read; changed and changed back between two
        // looks.
        let looks = [
            [(0, ""), (0, "")],
            [(2, "one"), (2, "one")],
            [(2, "one"), (2, "one")],
            [(3, "twe"), (3, "twe")],
            [(2, "twe"), (4, "two")],
            [(4, "two"), (4, "two")],
            [(8, "two"), (8, "two")],
            [(10, "one"), (10, "one")],
        ];
        let reads = looks.as_flattened().iter().map(|(number, text)| screen(*number, text));
        let (mut fake, _) = fake(reads.collect(), Some(&STOP));
        let mut seen = Vec::new();
        let mut tell = |what| {
            seen.push(what);
            true
        };
        // PA7 and PB2.
        fake.levels = [1 << 7, 1 << 2];
        watch(&mut fake, image(), false, &STOP, &mut tell).unwrap();
        let log = Seen::Log("info  number 7".into());
        let pins = SlotPins { vcc: true, rst: false, present: true };
        let end = Seen::End { stack: (32, 64), pins, counters: None };
        assert_eq!(seen, [log, shown("one"), shown("two"), shown("one"), end]);
    }

    #[test]
    fn a_reader_that_goes_away_ends_it_and_so_does_a_probe_that_is_pulled_out() {
        let (mut one, looks) = fake(vec![screen(2, "one"); 9], None);
        let _ = watch(&mut one, image(), false, &AtomicBool::new(false), &mut |_| false);
        assert_eq!(looks.get(), 2);
        let (mut one, looks) = fake(vec![screen(2, "one"); 9], None);
        one.accesses = 9;
        assert_eq!(watch(&mut one, image(), false, &AtomicBool::new(false), &mut |_| true), Err(Nothing));
        assert!((1..9).contains(&looks.get()), "{looks:?}");
    }

    #[test]
    fn another_image_is_known_by_the_first_byte_that_differs() {
        let mut fake = Fake::new();
        let bytes: Vec<u8> = (0..5000).map(|at| (at % 251) as u8).collect();
        let segment = |load, data: &[u8]| Segment { number: 0, load, data: data.to_vec(), run: load..load };
        let segments = [segment(RAM, &bytes[..100]), segment(RAM + 100, &[]), segment(RAM + 0x400, &bytes)];
        fake.put(RAM, &bytes[..100]);
        fake.put(RAM + 0x400, &bytes);
        assert_eq!(difference(&mut fake, &segments), Ok(None));
        fake.memory[0x400 + 4500] ^= 1;
        assert_eq!(difference(&mut fake, &segments), Ok(Some(RAM + 0x400 + 4500)));
        assert_eq!(difference(&mut fake, &[segment(RAM - 4, &[1])]), Err(Nothing));
    }

    #[test]
    fn what_is_no_image_is_told_apart() {
        let why = |bytes: &[u8]| Image::parse(Path::new("f"), bytes).err().map(|error| error.to_string()).unwrap();
        assert!(why(b"").contains("no ELF file") && why(b"hello").contains("cargo xtask firmware"));
        assert!(why(b"\x7FELF").contains("cut off or damaged"));
    }
}
