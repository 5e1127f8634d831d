//! Tests over all verbs: what they print for programs, and what their flags say.

#[cfg(all(feature = "lab", feature = "serve", feature = "pcsc", feature = "probe"))]
mod schemas;
mod units;
