//! Where the parts of an ATR are, and how long it may be (clauses 8.1, 8.2.2 and 8.2.3).

/// The most bytes an ATR can have: TS and at most 32 characters after it (clause 8.1).
pub const MAX_LEN: usize = 33;

/// The most historical bytes: K is a nibble of T0 (clause 8.2.2).
pub const MAX_HISTORICAL: usize = 15;

/// Where the parts of an ATR are, as offsets and lengths in bytes. If not `complete`, these are the least possible.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    /// The offset of the first historical byte.
    pub(super) interface_end: usize,
    pub(super) historical_len: usize,
    pub(super) has_tck: bool,
    /// Whether T0 and every announced TD are there.
    pub(super) complete: bool,
    /// The first T that is smaller than the T before it: the T before, then the smaller one. The T before is 0: there is none.
    pub(super) first_descent: (u8, u8),
    /// All bytes, TS and TCK included.
    pub(super) total: usize,
}
