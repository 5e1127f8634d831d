//! Faults in T=0.

use qiyong_protocol::iso7816::t0::AckStyle;
use qiyong_sim::card::contact::Habits;
use qiyong_sim::line::Disturbance;
use qiyong_sim::referee::Rule;

use super::super::bent::Call::{Receive, Send};
use super::super::bent::{Call, Memory};
use super::super::rig::Setup;
use super::{Mutant, t0};

/// The card says nothing any more after its first procedure byte.
fn falls_silent(memory: &mut Memory, call: &Call) -> Option<Disturbance> {
    let due = matches!(call, Receive(_)) && memory.sent == 9 && memory.troubles == 0;
    memory.troubles += usize::from(due);
    due.then_some(Disturbance::Silence)
}

/// Whether these are a header; the data of no command here begins like this.
fn is_header(bytes: &[u8]) -> bool {
    bytes.len() == 5 && bytes[0] == 0
}

/// A header with one byte changed.
fn with(bytes: &[u8], at: usize, byte: u8) -> Vec<Call> {
    let mut bytes = bytes.to_vec();
    bytes[at] = byte;
    vec![Send(bytes)]
}

pub(crate) fn mutants() -> Vec<Mutant> {
    let silent = || Setup { trouble: falls_silent, ..t0() };
    let bit_by_bit = Habits { procedure: AckStyle::EachByte, ..Habits::default() };
    vec![
        Mutant::bent("gives up one WT early", Rule::T0Wait, silent(), |memory, call| match call {
            Receive(within) if memory.sent >= 9 => vec![Receive(within - 9600)],
            _ => vec![call],
        }),
        Mutant::bent(
            "takes 960 WI D for WT where F stays 372",
            Rule::T0Wait,
            // TA1 D1: 2048 / 1, slower than the default.
            Setup {
                trouble: |memory, call| {
                    let due = matches!(call, Receive(_)) && memory.sent == 5 && memory.troubles == 0;
                    memory.troubles += usize::from(due);
                    due.then_some(Disturbance::Silence)
                },
                ..Setup::of(&[0x3B, 0x10, 0xD1])
            },
            |memory, call| match call {
                Receive(_) if memory.sent >= 5 => vec![Receive(9600)],
                _ => vec![call],
            },
        ),
        Mutant::bent("waits twice WT", Rule::T0Late, silent(), |memory, call| match call {
            Receive(within) if memory.sent >= 9 => vec![Receive(2 * within)],
            _ => vec![call],
        }),
        Mutant::bent("CLA FF", Rule::T0Class, t0(), |_, call| match call {
            Send(bytes) if is_header(&bytes) => with(&bytes, 0, 0xFF),
            _ => vec![call],
        }),
        Mutant::bent("INS 6A", Rule::T0Ins, t0(), |_, call| match call {
            Send(bytes) if is_header(&bytes) => with(&bytes, 1, 0x6A),
            _ => vec![call],
        }),
        Mutant::bent("data before the procedure byte", Rule::T0Turn, t0(), |_, call| match call {
            Send(bytes) if is_header(&bytes) => vec![Send(bytes), Send(vec![0x3F])],
            _ => vec![call],
        }),
        Mutant {
            setup: Setup { habits: bit_by_bit, ..t0() },
            ..Mutant::mishears("all data after ~INS", Rule::T0OneByte, t0(), |memory, byte| {
                if memory.sent == 9 { !byte } else { byte }
            })
        },
        Mutant::bent("one data byte too many", Rule::T0Count, t0(), |memory, call| match call {
            Send(bytes) if memory.sent == 9 => vec![Send([bytes.as_slice(), &[0x00]].concat())],
            _ => vec![call],
        }),
        Mutant::bent("GET RESPONSE for one byte more", Rule::GetResponseLength, t0(), |_, call| match call {
            Send(bytes) if is_header(&bytes) && bytes[1] == 0xC0 => with(&bytes, 4, bytes[4] + 1),
            _ => vec![call],
        }),
        Mutant::bent("GET RESPONSE in another class", Rule::GetResponseClass, t0(), |_, call| match call {
            Send(bytes) if is_header(&bytes) && bytes[1] == 0xC0 => with(&bytes, 0, 0x80),
            _ => vec![call],
        }),
        Mutant::bent("another length than 6CXX says", Rule::CorrectedLength, t0(), |memory, call| match call {
            Send(bytes) if is_header(&bytes) => {
                let again = memory.bytes.get(..4) == bytes.get(..4);
                memory.bytes.clone_from(&bytes);
                if again { with(&bytes, 4, bytes[4] + 1) } else { vec![Send(bytes)] }
            }
            _ => vec![call],
        }),
    ]
}
