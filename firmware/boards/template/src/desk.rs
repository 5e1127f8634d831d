//! Screen and keys: what operator and holder see and press.

use core::marker::PhantomData;

use embassy_futures::select::select;
use qiyong_board_support::pin_pad::{self, CANCEL, PinPad};
use qiyong_firmware::terminal::{NoPin, Operator, WhichPin};
use qiyong_firmware::ui::Screen;
use qiyong_protocol::card::pin::Pin;

use crate::chip::{Chip, Link};

/// What operator and holder see and key.
#[allow(missing_debug_implementations, reason = "a PIN pad need not have one")]
pub struct Desk<'a, C: Chip> {
    link: &'a Link<C>,
    pad: C::Pad,
    chip: PhantomData<C>,
}

impl<'a, C: Chip> Desk<'a, C> {
    pub(crate) const fn new(link: &'a Link<C>, pad: C::Pad) -> Self {
        Self { link, pad, chip: PhantomData }
    }
}

impl<C: Chip> Operator for Desk<'_, C> {
    fn show(&mut self, screen: &Screen) {
        C::show(screen);
    }

    async fn enter_pin(&mut self, _: WhichPin) -> Result<Pin, NoPin> {
        let link = self.link;
        pin_pad::enter_pin(&mut self.pad, || link.cancelled()).await
    }

    async fn cancel(&mut self) {
        let Self { link, pad, .. } = self;
        pad.forget();
        select(link.cancelled(), async { while pad.key().await != Some(CANCEL) {} }).await;
    }
}
