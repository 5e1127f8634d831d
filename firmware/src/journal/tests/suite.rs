//! The judges. Each returns what is wrong, and adds to a count how many cases it has seen.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::{Batch, Deal, Lease, Original, Stan, Totals};
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::Reason;

use super::flash::{Flash, SMALL as PAGE};
use super::model::{JOURNAL, Memory6, Model, Op, RECORDS, ROOM, Verdict, settings};
use crate::pages::checksum;
use crate::storage::{REGION, Store};
use crate::terminal::{Closed, Memory, MemoryError, Owed};

/// Transactions with every kind of end. Some stay parked for long; some batches end.
fn ops(transactions: usize) -> Vec<Op> {
    let mut ops = Vec::new();
    for number in 0..transactions {
        if number % 7 == 6 {
            ops.push(Op::Batch);
        }
        ops.push(Op::Begin(Deal::ALL[number % 3]));
        let done = [Op::Answered(number as u64 + 1), Op::CardResult(None), Op::Close(Closed::Confirmed)];
        match number % 11 {
            1 => ops.push(Op::Close(Closed::Refused)),
            2 => ops.extend([Op::Restart, Op::Missed, Op::Close(Closed::Reversed)]),
            3 => ops.extend([Op::Missed, Op::Missed]),
            5 => ops.extend([done[0], Op::CardResult(Some(Reason::PinBlocked)), Op::Missed, Op::Restart, Op::Missed]),
            6 => ops.push(Op::Close(Closed::Unsent)),
            7 => ops.extend([done[0], Op::Close(Closed::Reversed)]),
            8 => {
                ops.extend(done.into_iter().chain([Op::Resume, Op::Close(Closed::Reversed)]));
                // Whatever else was parked is so again.
                ops.extend([Op::Missed; 8]);
            }
            _ => ops.extend(done),
        }
    }
    ops
}

fn start() -> (Flash, Memory6, Model) {
    let flash = Flash::new(RECORDS + JOURNAL);
    let mut memory = Store::open(flash.clone(), None);
    let model = Model::signed_in(&mut memory);
    (flash, memory, model)
}

/// A long history; a start after each step knows the same.
pub(super) fn history(cases: &mut u32) -> Verdict {
    let (flash, mut memory, mut model) = start();
    for op in ops(60) {
        model.act(&mut memory, &flash, op)?;
        model.compare(&mut memory)?;
        model.clone().restarted().compare(&mut Store::recall(flash.clone()))?;
        *cases += 1;
    }
    let least = flash.erasures().into_iter().skip(RECORDS as usize).min();
    if least >= Some(2) { Ok(()) } else { Err("the pages were not used in turn".to_string()) }
}

/// Cuts at every byte of a step; at every fifth one, each time with another beginning, if the step erases a page. After some of
/// them another one in the first step after the start.
pub(super) fn cuts(cases: &mut u32) -> Verdict {
    let (flash, mut memory, mut model) = start();
    let all = ops(34);
    for (at, op) in all.iter().enumerate() {
        // The first pages are those of every journal; from the first copies on it gets interesting.
        if at % 40 == 39 || flash.erasures().iter().skip(RECORDS as usize).any(|erased| *erased > 1) || at < 8 {
            cut_step(&flash, &model, (at as u64, *op), all.get(at + 1).copied(), cases)?;
        }
        model.act(&mut memory, &flash, *op)?;
    }
    Ok(())
}

fn cut_step(flash: &Flash, model: &Model, (at, op): (u64, Op), next: Option<Op>, cases: &mut u32) -> Verdict {
    let model = model.clone().restarted();
    let whole = flash.copy();
    let mut memory: Memory6 = Store::recall(whole.clone());
    model.clone().act(&mut memory, &whole, op)?;
    let work = whole.work() - flash.work();
    let (step, first) = if work > PAGE as u64 { (5, 1 + at % 5) } else { (1, 1) };
    for cut in (first..=work).step_by(step) {
        *cases += 1;
        let torn = flash.copy();
        let mut memory: Memory6 = Store::recall(torn.clone());
        torn.cut_after(cut, cut as u32);
        let told = format!("a cut after {cut} bytes of {op:?}");
        if model.clone().act(&mut memory, &torn, op)? {
            return Err(format!("{told}: not reached"));
        }
        torn.power_on();
        let (recovered, mut memory) = recover(&torn, &model, op).map_err(|why| format!("{told}: {why}"))?;
        // The journal goes on from there, and the power fails once more.
        if let Some(next) = next
            && cut % 16 == 1
        {
            let again = torn.copy();
            recovered.clone().act(&mut memory, &torn, next).map_err(|why| format!("{told}, then: {why}"))?;
            for second in (1..=torn.work() - again.work()).step_by(29) {
                *cases += 1;
                let torn = again.copy();
                let mut memory: Memory6 = Store::recall(torn.clone());
                torn.cut_after(second, (cut + second) as u32);
                recovered.clone().act(&mut memory, &torn, next)?;
                torn.power_on();
                recover(&torn, &recovered, next)
                    .map_err(|why| format!("{told}, then after {second} of {next:?}: {why}"))?;
            }
        }
    }
    Ok(())
}

/// A start after a cut in `op`: it was done, or it was not.
fn recover(flash: &Flash, before: &Model, op: Op) -> Result<(Model, Memory6), String> {
    let mut memory: Memory6 = Store::open(flash.clone(), None);
    let (before, after) = (before.clone(), before.done(op).restarted());
    match (before.compare(&mut memory), after.compare(&mut memory)) {
        (_, Ok(())) => Ok((after, memory)),
        (Ok(()), _) => Ok((before, memory)),
        (Err(why), Err(_)) => Err(why),
    }
}

/// A wrong bit in an item: it is not taken, so that the one before it counts. One in a head is told.
pub(super) fn decay(cases: &mut u32) -> Verdict {
    let (flash, mut memory, mut model) = start();
    for op in [Op::Begin(Deal::Purchase), Op::Answered(7)] {
        model.act(&mut memory, &flash, op)?;
    }
    let page = RECORDS as usize * PAGE;
    for bit in 0..80 * 8 {
        *cases += 1;
        let copy = flash.copy();
        copy.flip(page + 104 + bit / 8, bit % 8);
        let mut first = Vec::new();
        let mut memory: Memory6 = Store::recall(copy);
        memory.list(|entry| first.push(entry.state)).map_err(|error| format!("bit {bit}: {error}"))?;
        if first != [crate::journal::State::Begun] {
            return Err(format!("bit {bit}: {first:?}"));
        }
    }
    // More pages, and the head of the second.
    for op in ops(4) {
        model.act(&mut memory, &flash, op)?;
    }
    for bit in 0..16 * 8 {
        let copy = flash.copy();
        copy.flip(page + PAGE + bit / 8, bit % 8);
        let found = Memory6::recall(copy).owed();
        if found != Err(MemoryError::Unreadable) {
            return Err(format!("bit {bit} of a head: {found:?}"));
        }
    }
    Ok(())
}

/// Pages that wear out are passed over; when too few are left, that is told, and what was known is known still.
pub(super) fn wear(cases: &mut u32) -> Verdict {
    for endurance in 1..5 {
        let (flash, mut memory, mut model) = start();
        flash.endure(RECORDS, endurance);
        let mut done = 0;
        let worn = 'life: loop {
            for op in ops(22) {
                *cases += 1;
                let before = model.clone();
                if let Err(why) = model.act(&mut memory, &flash, op) {
                    before.restarted().compare(&mut Memory6::recall(flash.clone()))?;
                    break 'life why;
                }
                model.clone().restarted().compare(&mut Memory6::recall(flash.clone()))?;
                done += 1;
                if done > 100_000 {
                    return Err("it never wears out".to_string());
                }
            }
        };
        if !worn.to_lowercase().contains("worn") || done < 15 * endurance {
            return Err(format!("endurance {endurance}: {done} steps, then {worn}"));
        }
    }
    Ok(())
}

/// The record of a terminal of the version before, with a transaction that has no answer.
fn record_2() -> Vec<u8> {
    let mut record = Vec::new();
    record.extend(b"QY\x02\0\x04\x03\x02\x01P3201000001700000001\x01\0\0\0\x08\0\0\0\x07\0\0\0X00000019");
    record.extend(b"\x20\x26\x01\x01\x23\x59\x08\x04\x03\x02\x01\0\0\0\0a token!");
    record.resize(104, 0);
    let mut item = checksum(&record).to_le_bytes().to_vec();
    item.extend([104, 0, 0x17, 0xF7]);
    item.extend(record);
    item
}

/// The old record's transaction is reversed, wherever its take-over was cut.
pub(super) fn take_over(cases: &mut u32) -> Verdict {
    let old = || {
        let flash = Flash::new(RECORDS + JOURNAL);
        flash.put(0, &[0; 8]);
        flash.put(8, &record_2());
        flash
    };
    let is_taken = |memory: &Memory6| match memory.owed() {
        Ok(Some(Owed::Reverse(due))) if due.stan == Stan(7) && memory.next() == Stan(8) => Ok(()),
        owed => Err(format!("{owed:?}, then {:?}", memory.next())),
    };
    is_taken(&Memory6::recall(old()))?;
    let whole = old();
    let mut memory = Memory6::open(whole.clone(), None);
    is_taken(&memory)?;
    for cut in 1..=whole.work() {
        *cases += 1;
        let torn = old();
        torn.cut_after(cut, cut as u32);
        drop(Memory6::open(torn.clone(), None));
        torn.power_on();
        let mut memory = Memory6::open(torn.clone(), None);
        let mut entries = 0;
        memory.list(|_| entries += 1).map_err(|error| error.to_string())?;
        is_taken(&memory).map_err(|why| format!("a cut after {cut}: {why}"))?;
        if entries != 1 {
            return Err(format!("a cut after {cut}: {entries} entries"));
        }
    }
    memory.close(Closed::Reversed, None).map_err(|error| error.to_string())?;
    match Memory6::open(whole, None).owed() {
        Ok(None) => Ok(()),
        owed => Err(format!("{owed:?} after it was reversed")),
    }
}

/// A batch has a bound, and is whole up to it; once it is settled there is room again.
pub(super) fn bounds(cases: &mut u32) -> Verdict {
    let (flash, ..) = start();
    for batch in [1, 2] {
        let mut memory = Memory6::open(flash.clone(), None);
        let settings = settings();
        let original = Original { card: CardNumber::new(b"X00000019").unwrap(), total: Fen(5), time: Timestamp::UNSET };
        let mut begun = 0;
        for _ in 0..100 {
            *cases += 1;
            match memory.begin(&settings, original, Deal::Purchase) {
                Ok(_) => begun += 1,
                Err(MemoryError::JournalFull) if memory.is_full() => break,
                Err(error) => return Err(format!("{batch}: {error} after {begun}")),
            }
            memory.close(Closed::Confirmed, None).map_err(|error| error.to_string())?;
        }
        let mut numbers = Vec::new();
        let mut memory = Memory6::recall(flash.clone());
        memory.list(|entry| numbers.push(entry.transaction.stan.0)).map_err(|error| error.to_string())?;
        numbers.sort_unstable();
        let is_right = numbers.windows(2).all(|pair| pair[0] < pair[1]) && numbers.last() == Some(&begun);
        let totals = memory.totals().purchase;
        let is_counted = totals.count as usize == numbers.len() && totals.total.0 == 5 * u64::from(totals.count);
        if !is_right || !is_counted {
            return Err(format!("{batch}: {numbers:?} of {begun}, {totals:?}"));
        }
        if numbers.len() != ROOM {
            return Err(format!("{batch}: {} entries are kept", numbers.len()));
        }
        let mut memory = Memory6::open(flash.clone(), None);
        memory.settled().map_err(|error| error.to_string())?;
        let nothing = (memory.unsettled(&settings), memory.batch(&settings), memory.totals());
        if nothing != (None, None, Totals::default()) {
            return Err(format!("{batch}: {nothing:?} after it was settled"));
        }
        let lease = Lease { batch: Batch(batch + 1), next: Stan(1) };
        memory.keep_lease(&settings, lease).map_err(|error| error.to_string())?;
    }
    // The parked ones have a bound, too.
    let (flash, mut memory, mut model) = start();
    for _ in 0..12 {
        for op in [Op::Begin(Deal::Apply), Op::Missed, Op::Missed] {
            model.act(&mut memory, &flash, op)?;
        }
        model.compare(&mut memory)?;
    }
    Ok(())
}

/// A page's head, and an item, of another version.
pub(super) fn other_versions() -> Verdict {
    let (flash, mut memory, mut model) = start();
    model.act(&mut memory, &flash, Op::Begin(Deal::Purchase))?;
    let page = RECORDS as usize * PAGE;
    let change = |from: usize, length: usize, check: usize| {
        let copy = flash.copy();
        let mut bytes = copy.bytes()[page + from..page + from + length].to_vec();
        bytes[2] = 9;
        copy.put(page + check, &checksum(&bytes).to_le_bytes());
        copy.put(page + from, &bytes);
        copy
    };
    for copy in [change(0, 12, 12), change(32, 72, 24)] {
        let before = copy.bytes();
        let mut memory = Memory6::open(copy.clone(), None);
        let lease = Lease { batch: Batch(2), next: Stan(1) };
        let refused = [
            memory.owed().map(drop),
            memory.close(Closed::Reversed, None),
            memory.answered(Fen(1)),
            memory.missed(1).map(drop),
            memory.keep_lease(&settings(), lease),
        ];
        if refused != [Err(MemoryError::OtherVersion); 5] || copy.bytes() != before {
            return Err(format!("{refused:?}"));
        }
    }
    Ok(())
}

/// Bytes and erasures for a transaction, once the pages go round in a region like the board's and a batch is settled when it is full;
/// and how many transactions there are until a page was erased 10,000 times.
pub(super) fn costs() -> (f64, f64, f64) {
    const BOARD: usize = 2048;
    let flash = Flash::<BOARD>::new(REGION);
    let mut memory: Store<Flash<BOARD>> = Store::open(flash.clone(), None);
    memory.keep_lease(&settings(), Lease { batch: Batch(1), next: Stan(1) }).unwrap();
    let settings = settings();
    let original = Original { card: CardNumber::new(b"X00000019").unwrap(), total: Fen(5), time: Timestamp::UNSET };
    let mut batch = 1;
    let mut sell = |count: u32| {
        for _ in 0..count {
            if memory.is_full() {
                batch += 1;
                memory.settled().unwrap();
                memory.keep_lease(&settings, Lease { batch: Batch(batch), next: Stan(1) }).unwrap();
            }
            memory.begin(&settings, original, Deal::Purchase).unwrap();
            memory.answered(Fen(5)).unwrap();
            memory.card_result(None).unwrap();
            memory.close(Closed::Confirmed, None).unwrap();
        }
    };
    sell(500);
    let (before, work) = (flash.erasures(), flash.work());
    sell(1000);
    let after = flash.erasures();
    let times: Vec<u32> = after.iter().zip(&before).map(|(after, before)| after - before).collect();
    let erased: u32 = times.iter().sum();
    let most = times.iter().copied().max().unwrap_or(1);
    // What is erased is work of this flash, too.
    let written = (flash.work() - work - u64::from(erased) * BOARD as u64) as f64;
    (written / 1000.0, f64::from(erased) / 1000.0, 10_000.0 * 1000.0 / f64::from(most))
}
