//! All groups of an ATR in one walk.

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
#[cfg_attr(not(target_os = "none"), inline)]
pub(super) fn walk(atr: &[u8]) -> Walk {
    let t0 = atr.get(1).copied();
    let mut parameters = Parameters::DEFAULT;
    let (mut first_t, mut first_descent, mut has_tck, mut cut) = (None, None, false, false);
    // Which bytes the group has, in the low nibble: 1 TA, 2 TB, 4 TC, 8 TD. Where the next byte is, and what the group is
    // about.
    let mut announced = t0.unwrap_or(0) >> 4;
    let mut at = 2;
    let mut about = Parameters::FIRST;
    let mut before = 0;
    loop {
        for letter in 0..3 {
            if announced >> letter & 1 == 1 {
                if let Some(byte) = atr.get(at) {
                    parameters.take(about + letter, *byte);
                }
                at += 1;
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
        about = if first_t.is_none() { Parameters::SECOND } else { Parameters::specific_to(t) };
        first_t = first_t.or(Some(t));
        parameters.offer(t);
        // Any T other than 0, T=15 included, requires TCK (clause 8.2.5).
        has_tck |= t != 0;
        if t < before && first_descent.is_none() {
            first_descent = Some((before, t));
        }
        before = t;
        announced = td >> 4;
    }
    if first_t.is_none() && !cut && t0.is_some() {
        parameters.offer(0);
    }
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
