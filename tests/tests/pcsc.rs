//! `qiyong pcscd`, used by programs of others and by clients that violate the protocol.

#[path = "pcsc/admission.rs"]
mod admission;
#[path = "pcsc/bad_input.rs"]
mod bad_input;
#[path = "pcsc/comings.rs"]
mod comings;
#[path = "pcsc/contactless.rs"]
mod contactless;
#[path = "pcsc/mutations.rs"]
mod mutations;
#[path = "pcsc/overheard.rs"]
mod overheard;
#[path = "pcsc/programs.rs"]
mod programs;
#[path = "pcsc/protocols.rs"]
mod protocols;
#[path = "pcsc/sharing.rs"]
mod sharing;
#[path = "pcsc/strange_services.rs"]
mod strange_services;
