//! An SSD1306 on an asynchronous I2C bus. What is sent to it is for [`ui::panel`](crate::ui::panel).

use embedded_hal_async::i2c::I2c;

use crate::ui::panel::{ADDRESS, Transfer};

/// The panel.
#[derive(Debug)]
pub struct Panel<I> {
    bus: I,
}

impl<I: I2c> Panel<I> {
    /// A panel on this bus; it may be missing, or plugged in at any time.
    pub const fn new(bus: I) -> Self {
        Self { bus }
    }

    /// Sends settings and a picture, where `picture` gives the bytes of the [framebuffer](crate::ui::framebuffer). At 400 kHz
    /// that takes 25 ms, so it is awaited beside the visit, never within it: a terminal that talks to a card has no time for
    /// that. The bus must be one that works by interrupt or DMA; one that blocks inside `write` loses the card's characters.
    ///
    /// Cancel-safety: a picture that was begun stays half drawn. The next one is sent whole, settings included.
    ///
    /// # Errors
    /// What the bus says, as a rule that no panel acknowledges. The next picture may find it plugged in.
    pub async fn show(&mut self, picture: impl Fn(usize) -> u8) -> Result<(), I::Error> {
        let mut next = Some(Transfer::FIRST);
        while let Some(transfer) = next {
            let mut bytes = [0; Transfer::SIZE_MAX];
            bytes.iter_mut().enumerate().for_each(|(at, byte)| *byte = transfer.byte(at, &picture));
            self.bus.write(ADDRESS, bytes.get(..transfer.size().into()).unwrap_or_default()).await?;
            next = transfer.next();
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]
mod tests {
    use std::vec::Vec;

    use embassy_futures::block_on;
    use embedded_hal_async::i2c::{Error, ErrorKind, ErrorType, NoAcknowledgeSource, Operation};

    use super::*;
    use crate::ui::framebuffer::LEN;

    /// A bus that acknowledges this many transfers, and what it carried.
    #[derive(Default)]
    struct Bus {
        acknowledges: usize,
        carried: Vec<Vec<u8>>,
    }

    #[derive(Debug, PartialEq)]
    struct Nobody;

    impl Error for Nobody {
        fn kind(&self) -> ErrorKind {
            ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address)
        }
    }

    impl ErrorType for &mut Bus {
        type Error = Nobody;
    }

    impl I2c for &mut Bus {
        async fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), Nobody> {
            assert_eq!(address, ADDRESS);
            if self.carried.len() == self.acknowledges {
                return Err(Nobody);
            }
            let [Operation::Write(bytes)] = operations else { panic!("one write a transfer") };
            self.carried.push(bytes.to_vec());
            Ok(())
        }
    }

    #[test]
    fn all_transfers_go_out_in_order() {
        let picture = |at: usize| (at * 7 % 251) as u8;
        let mut bus = Bus { acknowledges: usize::MAX, ..Bus::default() };
        block_on(Panel::new(&mut bus).show(picture)).unwrap();
        let all = core::iter::successors(Some(Transfer::FIRST), |transfer| transfer.next());
        let expected: Vec<Vec<u8>> =
            all.map(|transfer| (0..transfer.size().into()).map(|at| transfer.byte(at, picture)).collect()).collect();
        assert_eq!(bus.carried, expected);
        assert_eq!(
            bus.carried.iter().filter(|bytes| bytes.len() == Transfer::SIZE_MAX).count() * (Transfer::SIZE_MAX - 1),
            LEN
        );
    }

    #[test]
    fn a_panel_that_does_not_acknowledge_ends_the_picture_and_gets_the_next_one_whole() {
        let mut bus = Bus { acknowledges: 3, ..Bus::default() };
        assert_eq!(block_on(Panel::new(&mut bus).show(|_| 0)), Err(Nobody));
        assert_eq!(bus.carried.len(), 3);
        bus.acknowledges = usize::MAX;
        assert_eq!(block_on(Panel::new(&mut bus).show(|_| 0)), Ok(()));
        assert_eq!(bus.carried.len(), 3 + 34);
        assert_eq!(bus.carried.first(), bus.carried.get(3));
    }
}
