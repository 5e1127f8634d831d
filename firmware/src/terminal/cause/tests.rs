//! Every cause there can be, as a number and back.

mod words;

use std::collections::BTreeSet;
use std::format;
use std::string::ToString;
use std::vec;
use std::vec::Vec;

use super::*;

/// The most bytes of a response APDU.
const RESPONSE: usize = 65_538;
/// The most bytes of an ATR.
const ATR: usize = 33;

/// `cause` with each byte there is.
fn bytes<T>(cause: impl Fn(u8) -> T) -> Vec<T> {
    (0..=u8::MAX).map(cause).collect()
}

/// `cause` with any two of them.
fn pairs<T>(cause: impl Fn(u8, u8) -> T) -> Vec<T> {
    bytes(|first| bytes(|second| cause(first, second))).into_iter().flatten().collect()
}

/// `cause` with each length of a response.
fn lengths<T>(cause: impl Fn(usize) -> T) -> Vec<T> {
    (0..=RESPONSE).map(cause).collect()
}

/// `cause` with each two lengths of an ATR.
fn atr_lengths<T>(cause: impl Fn(usize, usize) -> T) -> Vec<T> {
    (0..=ATR).flat_map(|first| (0..=ATR).map(move |second| (first, second))).map(|(a, b)| cause(a, b)).collect()
}

fn records() -> Vec<RecordError> {
    let lens = |tag| bytes(move |len| RecordError::ValueLength { tag, expected: len.into() });
    [
        vec![RecordError::Truncated, RecordError::TooLong],
        pairs(|expected, found| RecordError::Tag { expected, found }),
        bytes(lens).into_iter().flatten().collect(),
        bytes(|tag| RecordError::Value { tag }),
    ]
    .concat()
}

fn atrs() -> Vec<AtrError> {
    [
        vec![AtrError::Empty, AtrError::T15First],
        bytes(AtrError::TsUnknown),
        atr_lengths(|need, have| AtrError::Truncated { need, have }),
        lengths(|announced| AtrError::OverLimit { announced }),
        atr_lengths(|expected, have| AtrError::TooLong { expected, have }),
        bytes(|expected| AtrError::TckMissing { expected }),
        pairs(|expected, found| AtrError::TckWrong { expected, found }),
        pairs(|before, after| AtrError::TypesOutOfOrder { before, after }),
    ]
    .concat()
}

fn t0s() -> Vec<T0Error> {
    let own = vec![
        T0Error::ExtendedLength,
        T0Error::Timeout,
        T0Error::BudgetExceeded,
        T0Error::TooManyFollowUps,
        T0Error::BufferTooSmall,
    ];
    [own, bytes(T0Error::InsNotAllowed), bytes(T0Error::ProcedureByte)].concat()
}

fn t1s() -> Vec<T1Error> {
    let faults = [
        vec![Fault::Silence, Fault::Cut, Fault::Parity, Fault::Edc, Fault::Surplus],
        bytes(Fault::Nad),
        bytes(Fault::Pcb),
        bytes(Fault::Length),
        bytes(Fault::Sequence),
        bytes(Fault::Unexpected),
    ]
    .concat();
    let troubles = faults.into_iter().flat_map(|fault| bytes(move |sent| Trouble { sent, fault }));
    let kinds = [T1Error::NoAnswer, T1Error::ResynchFailed, T1Error::ResponseLost, T1Error::IfsdRefused];
    let budgets = [Budget::Time, Budget::Blocks, Budget::Repetitions, Budget::Extensions];
    [
        vec![T1Error::AbortedByCard, T1Error::Aborted, T1Error::NeedsReset],
        troubles.flat_map(|trouble| kinds.map(|kind| kind(trouble))).collect(),
        lengths(|need| T1Error::BufferTooSmall { need }),
        budgets.map(T1Error::OutOfBudget).to_vec(),
        bytes(|have| T1Error::NoStatusWord { have }),
    ]
    .concat()
}

fn apdus() -> Vec<ApduError> {
    [
        vec![ApduError::TooLong],
        lengths(|have| ApduError::TooShort { have }),
        lengths(|have| ApduError::LengthMismatch { have }),
        lengths(|need| ApduError::BufferTooSmall { need }),
    ]
    .concat()
}

fn slots() -> impl Iterator<Item = SlotError> {
    let own = vec![
        SlotError::Removed,
        SlotError::Mute,
        SlotError::Rate,
        SlotError::RateReserved,
        SlotError::RateImplicit,
        SlotError::NoCommonClass,
        SlotError::Parity,
        SlotError::NotAccepted,
        SlotError::ShortCircuit,
        SlotError::NotConnected,
        SlotError::Silent,
        SlotError::Unpowered,
        SlotError::Reset,
        SlotError::Reader,
    ];
    let ppss = [vec![PpsError::Different, PpsError::Check, PpsError::Truncated], bytes(PpsError::Start)].concat();
    own.into_iter()
        .chain(bytes(|offered| SlotError::Protocol { offered }))
        .chain((0..=u16::MAX).map(|max_khz| SlotError::Clock { max_khz }))
        .chain(atrs().into_iter().map(SlotError::Atr))
        .chain(ppss.into_iter().map(SlotError::Pps))
        .chain(t0s().into_iter().map(SlotError::T0))
        .chain(t1s().into_iter().map(SlotError::T1))
        .chain(apdus().into_iter().flat_map(|error| [SlotError::Command(error), SlotError::Response(error)]))
}

fn links() -> Vec<LinkError> {
    [
        vec![
            LinkError::NoAnswer,
            LinkError::NotSetUp,
            LinkError::Failed,
            LinkError::NotSignedIn,
            LinkError::WorkingKey,
        ],
        bytes(|field| LinkError::Unwritable { field }),
        pairs(|first, second| LinkError::Rejected([first, second])),
    ]
    .concat()
}

fn causes() -> impl Iterator<Item = Cause> {
    let statuses = (0..=u16::MAX).flat_map(|sw| {
        // Each INS that the terminal sends, and the least and the greatest that there are.
        [0x00, 0x20, 0x82, 0x84, 0x88, 0xA4, 0xB2, 0x5E, 0xFF].map(|ins| Cause::Status { ins, sw: StatusWord(sw) })
    });
    [Cause::Version, Cause::Blank, Cause::Unsteady]
        .into_iter()
        .chain(bytes(Cause::Algorithm))
        .chain(bytes(|ins| Cause::Length { ins }))
        .chain(statuses)
        .chain(records().into_iter().map(Cause::Record))
        .chain(slots().map(Cause::Slot))
        .chain(links().into_iter().map(Cause::Link))
}

/// Since each comes back as itself, no two have the same number.
#[test]
fn every_cause_there_can_be_comes_back_as_itself() {
    let mut numbers = BTreeSet::new();
    for cause in causes() {
        let code = CauseCode::from(cause);
        assert_eq!(code.cause(), Some(cause));
        numbers.insert(code.0.get() as u8);
    }
    // A row that is made from no cause above.
    assert_eq!(numbers, NUMBERS.iter().copied().collect());
}

#[test]
fn what_is_no_cause_is_said_to_be_none() {
    let values = [0, 1, 4, 0x21, 0x90, 0x0500, 0x0A00, 0x9000, 0x01_0002, 0x3B_0000, 0x3B_0912, 0xFF_FFFF];
    let mut words = BTreeSet::new();
    let mut none = 0;
    for code in (0..=255).flat_map(|number| values.map(|values| values << 8 | number)).filter_map(NonZeroU32::new) {
        let code = CauseCode(code);
        match code.cause() {
            Some(cause) => {
                assert_eq!(CauseCode::from(cause), code);
                assert_eq!((code.to_string(), code.advice()), (cause.to_string(), cause.advice()));
            }
            None => {
                none += 1;
                assert!(code.to_string().contains(&format!("{:08X}", code.0)), "{code}");
            }
        }
        assert!(words.insert(code.to_string()), "{code}");
    }
    assert!(none > 0);
    let text = CauseCode(NonZeroU32::MAX).to_string();
    assert_eq!(text, "cause FFFFFFFF, unknown here: till and terminal are of different versions");
    assert_eq!(CauseCode(NonZeroU32::MAX).advice(), Advice::CallService);
}

/// They go over the line: numbers of a terminal that was built before mean the same.
#[test]
fn the_numbers_are_those_of_the_table() {
    let code = |cause| CauseCode::from(cause).0.get();
    assert_eq!(code(Cause::Status { ins: 0xB2, sw: StatusWord(0x6A82) }), 0xB26A_8201);
    assert_eq!(code(Cause::Record(RecordError::Tag { expected: 0x10, found: 0x20 })), 0x1000_200C);
    let trouble = Trouble { sent: 0x40, fault: Fault::Length(0xFE) };
    assert_eq!(code(Cause::Slot(SlotError::T1(T1Error::NoAnswer(trouble)))), 0x4007_FE46);
    assert_eq!(code(Cause::Slot(SlotError::Response(ApduError::BufferTooSmall { need: 65_538 }))), 0x0100_025D);
    let slot = [
        (SlotError::Mute, 21),
        (SlotError::NotConnected, 33),
        (SlotError::Silent, 34),
        (SlotError::Unpowered, 35),
        (SlotError::Reset, 36),
        (SlotError::Reader, 37),
    ];
    slot.iter().for_each(|(error, number)| assert_eq!(code(Cause::Slot(*error)), *number));
    let link = [
        (LinkError::NoAnswer, 100),
        (LinkError::NotSetUp, 101),
        (LinkError::Unwritable { field: 42 }, 0x2A66),
        (LinkError::Rejected(*b"A0"), 0x41_3067),
        (LinkError::Failed, 104),
        (LinkError::NotSignedIn, 105),
        (LinkError::WorkingKey, 106),
    ];
    link.iter().for_each(|(error, number)| assert_eq!(code(Cause::Link(*error)), *number));
}
