//! All groups of an ATR in one walk.

use core::hint::cold_path;

use super::layout::Layout;
use super::parameters::Parameters;
use crate::iso7816::SHORT_WAYS;

/// T=15 is no protocol.
const T15: u8 = 15;

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
#[cfg_attr(not(target_os = "none"), inline)]
pub(super) fn walk(atr: &[u8]) -> Walk {
    let t0 = atr.get(1).copied();
    let mut parameters = Parameters::DEFAULT;
    // On its own, since what is in one structure with bytes of changing places is not kept in a register.
    let mut there: u32 = 0;
    let (mut first_t, mut first_descent, mut cut) = (None, (0, 0), false);
    // A bit for each T that a TD names, or that is offered by default; the first of them that is a protocol.
    let mut named: u32 = 0;
    let mut preferred = T15;
    // Which bytes the group has, in the low nibble: 1 TA, 2 TB, 4 TC, 8 TD. Where the next byte is, and what the group is
    // about.
    let mut announced = t0.unwrap_or(0) >> 4;
    let mut at = 2;
    let mut about = Parameters::FIRST;
    let mut before = 0;
    loop {
        // Of several bytes with the same meaning, the first counts.
        if !SHORT_WAYS || announced & 7 != 0 {
            let held = there >> about;
            for letter in 0..3 {
                if announced >> letter & 1 == 1 {
                    let place = parameters.bytes.get_mut(about + letter);
                    if let (0, Some(byte), Some(place)) = (held >> letter & 1, atr.get(at), place) {
                        *place = *byte;
                        there |= 1 << letter << about;
                    }
                    at += 1;
                }
            }
        }
        if announced & 8 == 0 {
            break;
        }
        let td = atr.get(at).copied();
        at += 1;
        let Some(td) = td else {
            cut = true;
            break;
        };
        let t = td & 0x0F;
        about = match first_t {
            Some(_) => Parameters::specific_to(t),
            None => {
                first_t = Some(t);
                preferred = t;
                Parameters::SECOND
            }
        };
        named |= 1 << t;
        if preferred == T15 {
            cold_path();
            preferred = t;
        }
        if t < before && first_descent.0 == 0 {
            cold_path();
            first_descent = (before, t);
        }
        before = t;
        announced = td >> 4;
    }
    if first_t.is_none() && !cut && t0.is_some() {
        (named, preferred) = (1, 0);
    }
    parameters.there = there as u16;
    parameters.offered = named as u16;
    parameters.preferred = if preferred == T15 { None } else { Some(preferred) };
    // Any T other than 0, T=15 included, requires TCK (clause 8.2.5).
    let has_tck = named > 1;
    let historical_len = t0.unwrap_or(0) & 0x0F;
    // In an ATR, the historical bytes never begin beyond 255.
    if let Ok(start) = u8::try_from(at) {
        parameters.historical = (start, historical_len);
    }
    let historical_len = usize::from(historical_len);
    let total = at + historical_len + usize::from(has_tck);
    let complete = t0.is_some() && !cut;
    let layout = Layout { interface_end: at, historical_len, has_tck, complete, first_descent, total };
    Walk { layout, parameters, first_t }
}
