//! Public keys of third-generation cards: SM2 keys, signatures, certificates, envelopes, and the card's PKI application.
//!
//! | Module | What it is for |
//! |---|---|
//! | [`key`] | SM2 keys, the digest that is signed, signatures, sealing to a key (GB/T 32918) |
//! | [`certificate`] | reads X.509 certificates with SM2 keys |
//! | [`envelope`] | a message that only one key opens (GB/T 35275) |
//! | [`application`] | names, files and commands of the card's application (docs/card.md §1.12) |
//! | `issuer` | with the feature `issue`: a test CA |
//!
//! Not here: a card, which the simulator has, and the driver's functions. Nothing is random by itself: who makes a signature,
//! an envelope or a key passes a generator or a seed.

pub mod application;
pub mod certificate;
pub mod envelope;
#[cfg(feature = "issue")]
pub mod issuer;
pub mod key;
