//! What the historical bytes say (ISO/IEC 7816-4 clause 8.1.1). Only the capability that the terminal needs is read.

/// Whether the card says that it takes extended lengths: b7 of the third capability byte, in historical bytes in
/// COMPACT-TLV form (ISO/IEC 7816-4 clauses 8.1.1 and 8.1.1.2.7).
#[cfg_attr(not(target_os = "none"), inline(always))]
pub(super) fn extended_lengths(historical: &[u8]) -> bool {
    // Category 00 ends with three status bytes, which cannot be mistaken for the object wanted here. Category 80 has
    // only objects.
    let Some((0x00 | 0x80, mut objects)) = historical.split_first() else {
        return false;
    };
    while let [head, rest @ ..] = objects {
        let len = usize::from(head & 0x0F);
        if len > rest.len() {
            return false;
        }
        if *head >= 0x73
            && *head <= 0x7F
            && let [_, _, third, ..] = rest
        {
            return third & 0x40 != 0;
        }
        objects = rest.get(len..).unwrap_or_default();
    }
    false
}
