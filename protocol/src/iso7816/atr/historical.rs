//! What the historical bytes say (ISO/IEC 7816-4 clause 8.1.1).

/// Whether the card says that it takes extended lengths: the third of its capability bytes, b7, in historical bytes that are
/// COMPACT-TLV (ISO/IEC 7816-4 clauses 8.1.1 and 8.1.1.2.7).
pub(super) fn extended_lengths(historical: &[u8]) -> bool {
    // Category 00 ends with three status bytes, which no object of ours can be mistaken for; 80 is objects only.
    let Some((0x00 | 0x80, mut objects)) = historical.split_first() else {
        return false;
    };
    while let [head, rest @ ..] = objects {
        let len = usize::from(head & 0x0F);
        if let (7, Some([_, _, third, ..])) = (head >> 4, rest.get(..len)) {
            return third & 0x40 != 0;
        }
        objects = rest.get(len..).unwrap_or_default();
    }
    false
}
