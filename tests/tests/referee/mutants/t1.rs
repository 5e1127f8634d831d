//! Faults in T=1.

use qiyong_protocol::iso7816::t1::IfsAnswer;
use qiyong_sim::card::contact::{Habits, WtxHabit};
use qiyong_sim::line::Disturbance;
use qiyong_sim::referee::Rule;

use super::super::bent::Call::{Receive, Send, Wait};
use super::super::bent::{Call, Memory};
use super::super::rig::{Session, Setup};
use super::{Mutant, t1};

/// R(0) without error.
const R: [u8; 4] = [0x00, 0x80, 0x00, 0x80];
/// S(IFS request) for 32.
const IFS: [u8; 5] = [0x00, 0xC1, 0x01, 0x20, 0xE0];

/// Whether the terminal awaits the first character of an answer to an I-block.
fn answer_due(memory: &Memory, call: &Call) -> bool {
    matches!(call, Receive(within) if *within > 1000) && memory.last.get(1).is_some_and(|pcb| pcb & 0x80 == 0)
}

/// The first answer to an I-block is damaged.
fn damaged(memory: &mut Memory, call: &Call) -> Option<Disturbance> {
    let due = answer_due(memory, call) && memory.troubles == 0;
    memory.troubles += usize::from(due);
    due.then_some(Disturbance::Flip(1))
}

/// A character within the first answer to an I-block is lost.
fn lost(memory: &mut Memory, call: &Call) -> Option<Disturbance> {
    match memory.troubles {
        0 if answer_due(memory, call) => memory.troubles = 1,
        1..=3 => memory.troubles += 1,
        4 => {
            memory.troubles = 5;
            return Some(Disturbance::Lose);
        }
        _ => {}
    }
    None
}

/// The card says nothing any more after the first I-block.
fn falls_silent(memory: &mut Memory, call: &Call) -> Option<Disturbance> {
    let due = answer_due(memory, call) && memory.troubles == 0;
    memory.troubles += usize::from(due);
    due.then_some(Disturbance::Silence)
}

/// The first I-block is damaged on its way.
fn misunderstood(memory: &mut Memory, call: &Call) -> Option<Disturbance> {
    let due = matches!(call, Send(_)) && memory.blocks == 1 && memory.troubles == 0;
    memory.troubles += usize::from(due);
    due.then_some(Disturbance::Flip(1))
}

fn is_i(pcb: Option<u8>) -> bool {
    pcb.is_some_and(|pcb| pcb & 0x80 == 0)
}

fn is_r(pcb: Option<u8>) -> bool {
    pcb.is_some_and(|pcb| pcb & 0xC0 == 0x80)
}

pub(crate) fn mutants() -> Vec<Mutant> {
    let troubled = |trouble| Setup { trouble, ..t1(32) };
    let large = |ifsc| Setup { session: Session::Large, ..t1(ifsc) };
    let mut list = times();
    list.extend(recovery());
    list.extend([
        Mutant::bent("bit 4 of NAD", Rule::T1Nad, t1(32), |memory, call| match call {
            Send(bytes) => {
                vec![Send(memory.in_block(&bytes, |b| if b.len() == 1 { b[0] | 0x08 } else { b[b.len() - 1] }))]
            }
            _ => vec![call],
        }),
        Mutant::bent("a reserved PCB", Rule::T1Pcb, t1(32), |memory, call| match call {
            Send(bytes) => vec![Send(memory.in_block(&bytes, |b| match *b {
                [_, pcb] if pcb & 0x80 == 0 => pcb | 0x01,
                _ => b[b.len() - 1],
            }))],
            _ => vec![call],
        }),
        Mutant::bent("LEN FF", Rule::T1Len, t1(32), |memory, call| match call {
            Send(bytes) => vec![Send(memory.in_block(&bytes, |b| match *b {
                [_, pcb, _] if pcb & 0x80 == 0 => 0xFF,
                _ => b[b.len() - 1],
            }))],
            _ => vec![call],
        }),
        Mutant::bent("a wrong LRC", Rule::T1Edc, t1(32), |_, call| match call {
            Send(mut bytes) => {
                if let [lrc] = bytes.as_mut_slice() {
                    *lrc ^= 1;
                }
                vec![Send(bytes)]
            }
            _ => vec![call],
        }),
        // TA3 heard as 40, and TCK to fit.
        Mutant::mishears("64 bytes in a block where IFSC is 32", Rule::T1Ifs, large(32), |memory, byte| {
            if matches!(memory.heard, 4 | 6) && memory.sent == 0 { byte ^ 0x60 } else { byte }
        }),
        Mutant::bent("begins with an R-block", Rule::T1Start, t1(32), |memory, call| match call {
            Send(bytes) if memory.sent == 0 => vec![Send(R.to_vec()), Send(bytes)],
            _ => vec![call],
        }),
        Mutant::bent("N(S) does not alternate", Rule::T1Sequence, t1(32), |memory, call| match call {
            Send(bytes) => vec![Send(memory.in_block(&bytes, |b| match *b {
                [_, pcb] if pcb & 0x80 == 0 => pcb & !0x40,
                _ => b[b.len() - 1],
            }))],
            _ => vec![call],
        }),
        Mutant::bent("asks for the wrong block", Rule::T1Number, troubled(damaged), |memory, call| match call {
            Send(bytes) if is_r(memory.pcb(&bytes)) => {
                vec![Send(memory.in_block(&bytes, |b| if b.len() == 2 { b[1] ^ 0x10 } else { b[b.len() - 1] }))]
            }
            _ => vec![call],
        }),
        Mutant::bent("an R-block that nothing calls for", Rule::T1Uncalled, t1(32), |memory, call| match call {
            Send(bytes) if memory.blocks == 2 && is_i(memory.pcb(&bytes)) => vec![Send(R.to_vec()), Send(bytes)],
            _ => vec![call],
        }),
        Mutant::bent(
            "grants another extension than was asked for",
            Rule::T1Extension,
            Setup {
                habits: Habits { wtx: Some(WtxHabit { times: 1, multiplier: 2, uses: false }), ..Habits::default() },
                ..t1(32)
            },
            |memory, call| match call {
                Send(bytes) if memory.pcb(&bytes) == Some(0xE3) => {
                    vec![Send(memory.in_block(&bytes, |b| if b.len() == 4 { b[3] + 1 } else { b[b.len() - 1] }))]
                }
                _ => vec![call],
            },
        ),
        Mutant::bent(
            "takes another IFSC than the card asks for",
            Rule::T1IfsAnswer,
            Setup { asks_ifsc: Some(64), ..t1(32) },
            |memory, call| match call {
                Send(bytes) if memory.pcb(&bytes) == Some(0xE1) => {
                    vec![Send(memory.in_block(&bytes, |b| if b.len() == 4 { b[3] + 1 } else { b[b.len() - 1] }))]
                }
                _ => vec![call],
            },
        ),
        Mutant::bent("does not acknowledge a block of a chain", Rule::T1Acknowledge, large(32), |memory, call| {
            match call {
                Send(bytes) if is_r(memory.pcb(&bytes)) => vec![Send(vec![0x00, 0x00, 0x00, 0x00])],
                _ => vec![call],
            }
        }),
    ]);
    list
}

fn times() -> Vec<Mutant> {
    let troubled = |trouble| Setup { trouble, ..t1(32) };
    let mute = Setup { habits: Habits { ifs: IfsAnswer::Nothing, ..Habits::default() }, ..t1(32) };
    vec![
        Mutant::bent("gives up after half of BWT", Rule::BlockWait, troubled(falls_silent), |_, call| match call {
            Receive(within) if within > 1000 => vec![Receive(within / 2)],
            _ => vec![call],
        }),
        Mutant::bent("waits twice BWT", Rule::BlockLate, mute, |_, call| match call {
            Receive(within) if within > 1000 && within != 9600 => vec![Receive(2 * within)],
            _ => vec![call],
        }),
        Mutant::bent(
            "ignores the extension that it has granted",
            Rule::BlockWait,
            Setup {
                habits: Habits { wtx: Some(WtxHabit { times: 1, multiplier: 3, uses: true }), ..Habits::default() },
                ..t1(32)
            },
            |memory, call| match call {
                Receive(within) if memory.last.get(1) == Some(&0xE3) && within > 1000 => vec![Receive(within / 3)],
                _ => vec![call],
            },
        ),
        Mutant::bent("gives up after half of CWT", Rule::CharacterWait, troubled(lost), |_, call| match call {
            Receive(43) => vec![Receive(23)],
            _ => vec![call],
        }),
        Mutant::bent("waits twenty times CWT", Rule::CharacterLate, troubled(lost), |_, call| match call {
            Receive(43) => vec![Receive(860)],
            _ => vec![call],
        }),
        Mutant::bent("dawdles within a block", Rule::OwnCharacterWait, t1(32), |memory, call| match call {
            Send(bytes) if is_i(memory.pcb(&bytes)) => {
                vec![Send(bytes[..1].to_vec()), Wait(60 * 372), Send(bytes[1..].to_vec())]
            }
            _ => vec![call],
        }),
    ]
}

fn recovery() -> Vec<Mutant> {
    let troubled = |trouble| Setup { trouble, ..t1(32) };
    vec![
        Mutant::bent(
            "gives up a resynchronisation",
            Rule::T1Resynch,
            troubled(falls_silent),
            |memory, call| match call {
                Send(bytes) if memory.pcb(&bytes) == Some(0xC0) => {
                    memory.count += 1;
                    vec![Send(if memory.count == 2 { R.to_vec() } else { bytes })]
                }
                _ => vec![call],
            },
        ),
        Mutant::bent(
            "sends a block again instead of asking",
            Rule::T1Ask,
            troubled(damaged),
            |memory, call| match call {
                Send(bytes) if is_r(memory.pcb(&bytes)) => vec![Send(memory.last.clone())],
                _ => vec![call],
            },
        ),
        Mutant::bent("repeats a block with other content", Rule::T1Repeat, troubled(misunderstood), |memory, call| {
            match call {
                Send(bytes) if memory.blocks == 2 => {
                    vec![Send(memory.in_block(&bytes, |b| if b.len() == 4 { b[3] ^ 1 } else { b[b.len() - 1] }))]
                }
                _ => vec![call],
            }
        }),
        Mutant::bent("asks for a block only once", Rule::T1Again, troubled(falls_silent), |memory, call| match call {
            Send(bytes) if is_r(memory.pcb(&bytes)) => {
                memory.count += 1;
                vec![Send(if memory.count == 2 { IFS.to_vec() } else { bytes })]
            }
            _ => vec![call],
        }),
        Mutant::bent("asks a third time", Rule::T1Attempts, troubled(falls_silent), |memory, call| match call {
            Send(bytes) if memory.pcb(&bytes) == Some(0xC0) => vec![Send(memory.last.clone())],
            _ => vec![call],
        }),
    ]
}
