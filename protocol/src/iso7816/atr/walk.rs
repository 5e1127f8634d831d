//! All groups of an ATR in one walk.

use super::groups::{Letter, Place};
use super::layout::Layout;
use super::parameters::Parameters;

/// What the groups say: where the parts of the ATR are, and the card's parameters, except those from the historical
/// bytes.
pub(super) struct Walk {
    pub(super) layout: Layout,
    pub(super) parameters: Parameters,
    /// The T of TD1, if there is one. 15 is not allowed there.
    pub(super) first_t: Option<u8>,
}

/// Walks over any bytes. A missing byte says nothing.
#[cfg_attr(target_os = "none", inline(never))]
pub(super) fn walk(atr: &[u8]) -> Walk {
    let t0 = atr.get(1).copied();
    let mut layout = Layout {
        interface_end: 2,
        historical_len: usize::from(t0.unwrap_or(0) & 0x0F),
        has_tck: false,
        complete: t0.is_some(),
        first_descent: None,
        total: 0,
    };
    let mut parameters = Parameters::DEFAULT;
    let mut first_t = None;
    let mut group = Place::first(atr);
    let mut before = 0;
    loop {
        parameters.take(&group);
        layout.interface_end += group.count();
        if !group.advance() {
            break;
        }
        let t = group.protocol();
        first_t = first_t.or(Some(t));
        parameters.offer(t);
        // Any T other than 0, T=15 included, requires TCK (clause 8.2.5).
        layout.has_tck |= t != 0;
        if t < before {
            layout.first_descent.get_or_insert((before, t));
        }
        before = t;
    }
    let cut = group.announces(Letter::D);
    if group.index() == 1 && !cut && t0.is_some() {
        parameters.offer(0);
    }
    layout.complete &= !cut;
    layout.total = layout.interface_end + layout.historical_len + usize::from(layout.has_tck);
    // In an ATR, the historical bytes never begin beyond 255.
    if let Ok(start) = u8::try_from(layout.interface_end) {
        parameters.historical = (start, layout.historical_len as u8);
    }
    Walk { layout, parameters, first_t }
}
