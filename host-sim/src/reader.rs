//! A card in a PC/SC reader as the verbs of `qiyong card` use it. The terminal has its own way (`terminal`).

#[cfg(feature = "pcsc")]
pub(crate) use with_pcsc::open;

#[cfg(feature = "pcsc")]
mod with_pcsc {
    use std::cell::RefCell;
    use std::rc::Rc;

    use embassy_futures::block_on;

    use qiyong_firmware::slot::CardSlot;
    use qiyong_pcsc::reader_slot::ReaderSlot;
    use qiyong_pcsc::readers::ReaderError;

    /// A reader, and what went wrong with it.
    pub(crate) struct AtReader<T: Fn(ReaderError)> {
        /// The card.
        pub(crate) slot: ReaderSlot<T>,
        trouble: Rc<RefCell<Option<ReaderError>>>,
    }

    /// The card that is in the reader of this name, or in any.
    pub(crate) fn open(name: &str) -> Result<AtReader<impl Fn(ReaderError) + use<>>, String> {
        let trouble = Rc::new(RefCell::new(None));
        let noted = Rc::clone(&trouble);
        let slot = ReaderSlot::open(name, move |error| *noted.borrow_mut() = Some(error));
        let mut reader = AtReader { slot: slot.map_err(|error| error.to_string())?, trouble };
        let found = block_on(reader.slot.wait_for_card(0));
        reader.check()?;
        if found { Ok(reader) } else { Err("no card is in the reader: put one in".into()) }
    }

    impl<T: Fn(ReaderError)> AtReader<T> {
        /// The error is what went wrong with reader or service, and not with the card.
        pub(crate) fn check(&self) -> Result<(), String> {
            self.trouble.borrow_mut().take().map_or(Ok(()), |error| Err(error.to_string()))
        }
    }
}

/// The same without libpcsclite: nothing to open.
#[cfg(not(feature = "pcsc"))]
pub(crate) fn open(_: &str) -> Result<AtReader, String> {
    Err(crate::readers::NOT_BUILT_IN.into())
}

/// A reader that nobody ever has.
#[cfg(not(feature = "pcsc"))]
pub(crate) struct AtReader {
    pub(crate) slot: qiyong_firmware::slot::ContactSlot<qiyong_sim::line::VirtualLine>,
}

#[cfg(not(feature = "pcsc"))]
impl AtReader {
    pub(crate) fn check(&self) -> Result<(), String> {
        Ok(())
    }
}
