//! The engine under test: frozen examples ([`examples`]), PIN blocks ([`pins`]), and hostile hosts with the deliberate faults that they
//! must find ([`hostile`]).

mod examples;
mod host;
mod hostile;
mod pins;
