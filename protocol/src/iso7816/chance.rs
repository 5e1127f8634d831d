//! For tests that play many sessions: how many, and pseudorandom numbers from one seed.

/// 10 000 sessions, or as many as the environment variable `QIYONG_SESSIONS` says.
pub(crate) fn sessions() -> u64 {
    std::env::var("QIYONG_SESSIONS").map_or(10_000, |count| count.parse().expect("a number"))
}

/// The numbers of Marsaglia's xorshift generator (13, 7, 17).
pub(crate) fn numbers(mut seed: u64) -> impl FnMut() -> u64 {
    move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    }
}
