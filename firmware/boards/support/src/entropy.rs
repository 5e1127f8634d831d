//! Bits of a noise source: gathered slowly, and tested while they are (NIST SP 800-90B, section 4.4). What makes random numbers of them is
//! [`drbg`](crate::drbg).
//!
//! | Test | What it finds |
//! |---|---|
//! | repetition count (4.4.1) | a source that is stuck |
//! | adaptive proportion (4.4.2) | one that prefers a value |
//! | period, our own (4.5) | one that is locked to another clock, so that its bits come round again after eight or fewer |
//!
//! A source is believed to have an eighth of a bit of min-entropy in each of its bits. That is no measurement: it is what stays if an
//! observer guesses eleven of twelve bits. The tests refuse what is clearly worse, and nothing but many bits of many chips, over their
//! voltages and temperatures, could tell that it is not.

use core::fmt;

use embedded_hal_async::delay::DelayNs;
use zeroize::Zeroizing;

/// How many bits of the source are taken for one bit of entropy.
pub const BITS_EACH: usize = 8;
/// How far two bits are apart at least, in microseconds: a ring oscillator of 6 MHz goes round sixty times meanwhile.
pub const SPACING_US: u32 = 10;

/// What a good source does less than once in a million tries: 2^-20, as 4.4.1 proposes. From that and an eighth of a bit
/// follow the three cutoffs; the last two are of the binomial distribution with p = 2^(-1/8).
const REPEATED: u16 = 1 + 20 * BITS_EACH as u16;
const WINDOW: u16 = 1024;
const MOST: u16 = 979;
/// After how many bits a source may not come round.
const PERIODS: usize = 8;

/// Why a source is not used any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// The same value came too often in a row.
    RepetitionCount,
    /// A value came too often among 1,024.
    AdaptiveProportion,
    /// Too many bits of 1,024 were those, or the opposite of those, so many before.
    Period(u8),
}

impl Unfit {
    /// The name of the test that failed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RepetitionCount => "repetition-count",
            Self::AdaptiveProportion => "adaptive-proportion",
            Self::Period(_) => "period",
        }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the source of random numbers failed its test {}: call service", self.as_str())
    }
}

/// The tests, which see every bit of a source.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// The last bits, the latest one lowest, and how many there are.
    last: u8,
    known: usize,
    /// How often the last one has come in a row.
    run: u16,
    /// The first bit of the window, how many the window has, and how many of those are like the first.
    first: bool,
    seen: u16,
    alike: u16,
    /// How many of the window are like the one that is so many before, less one.
    again: [u16; PERIODS],
}

impl Health {
    /// Looks at the next bit.
    ///
    /// # Errors
    /// The source is not to be used any more.
    pub fn look(&mut self, bit: bool) -> Result<(), Unfit> {
        let before = |back: usize| self.last >> back & 1 != 0;
        self.run = if self.known > 0 && before(0) == bit { self.run + 1 } else { 1 };
        if self.run >= REPEATED {
            return Err(Unfit::RepetitionCount);
        }
        if self.known == PERIODS {
            if self.seen == 0 {
                (self.first, self.alike, self.again) = (bit, 0, [0; PERIODS]);
            }
            self.seen += 1;
            self.alike += u16::from(bit == self.first);
            let last = self.last;
            for (back, again) in self.again.iter_mut().enumerate() {
                *again += u16::from((last >> back & 1 != 0) == bit);
            }
            if self.alike >= MOST {
                return Err(Unfit::AdaptiveProportion);
            }
        } else {
            self.known += 1;
        }
        self.last = self.last << 1 | u8::from(bit);
        if self.seen < WINDOW {
            return Ok(());
        }
        self.seen = 0;
        let periodic = |again: &u16| *again >= MOST || *again <= WINDOW - MOST;
        match self.again.iter().zip(1..).find(|(again, _)| periodic(again)) {
            Some((_, period)) => Err(Unfit::Period(period)),
            None => Ok(()),
        }
    }
}

/// Takes so many bytes of bits, eight of each, from a source, with time between them.
///
/// Cancel-safety: cancel-safe; what was gathered is wiped.
///
/// # Errors
/// A test found the source unfit; what was gathered is wiped.
pub async fn gather<const BYTES: usize>(
    health: &mut Health,
    mut bit: impl FnMut() -> bool,
    delay: &mut impl DelayNs,
) -> Result<Zeroizing<[u8; BYTES]>, Unfit> {
    let mut all = Zeroizing::new([0; BYTES]);
    for byte in all.iter_mut() {
        for _ in 0..8 {
            delay.delay_us(SPACING_US).await;
            let bit = bit();
            health.look(bit)?;
            *byte = *byte << 1 | u8::from(bit);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
