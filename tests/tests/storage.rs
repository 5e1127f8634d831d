//! What the terminal keeps: over power cuts at every byte, on pages that wear out, and in regions that contain
//! something else.
//!
//! The flash is `qiyong_sim::flash::memory`, which is stricter than a chip. sequential-storage, whose page format this is, is
//! the oracle for its contents.

use std::future::{Future, ready};

use embassy_futures::block_on;
use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};
use embedded_storage_async::nor_flash as later;
use proptest::prelude::*;
use sequential_storage::cache::Cache;
use sequential_storage::queue::{QueueConfig, QueueStorage};

use qiyong_firmware::storage::{Crash, Store};
use qiyong_firmware::terminal::{Closed, Memory, MemoryError, Owed, Settings, Transaction};
use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::{Batch, Deal, Lease, Original, Stan, TerminalId, Token};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::Fen;
use qiyong_sim::flash::memory;

/// A page, in bytes: four records.
const PAGE: usize = 512;
/// Pages of the flash in most tests: with four records each, a few dozen writes use all of them.
const PAGES: u32 = 3;

/// Pages of the journal, with six items each.
const JOURNAL: u32 = 12;

type Flash = memory::Flash<PAGE>;
type Memory3 = Store<Flash, PAGES, 0, JOURNAL>;

/// What a terminal does with its memory.
#[derive(Clone, Copy, Debug)]
enum Op {
    SetUp(u8, u32),
    Lease(u8),
    Begin(u8),
    End,
    Restart(Option<Crash>),
}

/// What must be known after a restart.
#[derive(Clone, Copy, Debug, PartialEq)]
struct State {
    place: Option<(InstitutionCode, TerminalId)>,
    unanswered: Option<Transaction>,
    starts: u32,
    crashes: (u32, Option<Crash>),
}

fn place(number: u8) -> (InstitutionCode, TerminalId) {
    let institution = InstitutionCode::new(["P32010000017", "H32010000561"][usize::from(number % 2)]).unwrap();
    (institution, TerminalId(*b"00000001"))
}

fn settings(number: u8) -> Settings {
    let (institution, terminal) = place(number);
    Settings::at(institution, terminal)
}

/// A transaction that was sent by the terminal of the institution with this number; the card has the same number.
fn unanswered(batch: Batch, stan: Stan, number: u8) -> Transaction {
    let (institution, terminal) = place(number);
    Transaction { institution, terminal, batch, stan, original: original(number) }
}

fn original(number: u8) -> Original {
    Original { card: card(number), total: Fen(number.into()), time: Timestamp::UNSET.after(number.into()) }
}

fn card(number: u8) -> CardNumber {
    CardNumber::new(format!("X0000{number:03}9").as_bytes()).unwrap()
}

fn set_up(store: &mut Memory3, next: u32) -> Result<(), MemoryError> {
    let (institution, terminal) = place(0);
    store.set_up(institution, terminal, Stan(next))
}

fn state(store: &Memory3) -> State {
    let unanswered = store.owed().expect("it can be read").map(|owed| match owed {
        Owed::Reverse(transaction) => transaction,
        Owed::Confirm(..) => panic!("nothing was answered"),
    });
    State { place: store.place(), unanswered, starts: store.starts(), crashes: store.crashes() }
}

/// A terminal's memory, and what the test knows of it from acknowledged calls.
struct Rig {
    flash: Flash,
    store: Memory3,
    acknowledged: State,
    /// What the centre knows of the two places: the batch, and the last number in it, 0 if there is none.
    centre: [(Batch, u32); 2],
}

impl Rig {
    fn new(flash: Flash) -> Self {
        let store = Memory3::open(flash.clone(), None);
        let acknowledged = state(&store);
        Self { flash, store, acknowledged, centre: [(Batch(1), 0); 2] }
    }

    /// Does something. If the power fails during it, starts again: then it was done completely, or not at all.
    fn act(&mut self, op: Op) {
        let before = self.acknowledged;
        let after = match op {
            Op::SetUp(number, next) => {
                let (institution, terminal) = place(number);
                let result = self.store.set_up(institution, terminal, Stan(next));
                assert!(result.is_ok() || self.flash.is_off(), "{result:?}");
                State { place: Some(place(number)), ..before }
            }
            Op::Lease(_) | Op::Begin(_) if before.unanswered.is_some() => before,
            Op::Lease(number) => {
                let (batch, last) = &mut self.centre[usize::from(number % 2)];
                if *last == Stan::LAST.0 {
                    (*batch, *last) = (Batch(batch.0 + 1), 0);
                }
                let lease = Lease { batch: *batch, next: Stan(*last + 1) };
                let result = self.store.keep_lease(&settings(number), lease);
                assert!(result.is_ok() || self.flash.is_off(), "{result:?}");
                State { place: Some(place(number)), ..before }
            }
            Op::Begin(number) => {
                if before.unanswered.is_none() && self.store.is_full() && self.store.batch(&settings(number)).is_some()
                {
                    let result = self.next_batch(number);
                    assert!(result.is_ok() || self.flash.is_off(), "{result:?}");
                }
                if self.store.batch(&settings(number)).is_none() {
                    self.act(Op::Lease(number));
                }
                if self.store.batch(&settings(number)).is_none() {
                    // The power was cut.
                    return;
                }
                return self.begin(number);
            }
            Op::End if before.unanswered.is_none() => before,
            Op::End => {
                let result = self.store.close(Closed::Confirmed, None);
                assert!(result.is_ok() || self.flash.is_off(), "{result:?}");
                State { unanswered: None, ..before }
            }
            Op::Restart(crash) => {
                self.store = Memory3::open(self.flash.clone(), crash);
                let crashes = crash.map_or(before.crashes, |crash| (before.crashes.0 + 1, Some(crash)));
                State { starts: before.starts + 1, crashes, ..before }
            }
        };
        self.settle(op, before, after);
    }

    /// The batch is settled, and the centre gives another one.
    fn next_batch(&mut self, number: u8) -> Result<(), MemoryError> {
        self.store.settled()?;
        let (batch, last) = &mut self.centre[usize::from(number % 2)];
        (*batch, *last) = (Batch(batch.0 + 1), 0);
        self.store.keep_lease(&settings(number), Lease { batch: *batch, next: Stan(1) })
    }

    fn begin(&mut self, number: u8) {
        let before = self.acknowledged;
        let after = match self.store.begin(&settings(number), original(number), Deal::Purchase) {
            Ok((batch, stan)) => {
                self.number_given(number, batch, stan);
                State { unanswered: Some(unanswered(batch, stan, number)), ..before }
            }
            Err(error) => {
                assert!(self.flash.is_off(), "{error:?}");
                before
            }
        };
        self.settle(Op::Begin(number), before, after);
    }

    /// Checks what is kept after `op`.
    fn settle(&mut self, op: Op, before: State, after: State) {
        if self.flash.is_off() {
            self.restart(op, before, after);
        } else {
            assert_eq!(state(&self.store), after, "{op:?}");
            self.acknowledged = after;
        }
    }

    /// The power comes back after it failed in `op`.
    fn restart(&mut self, op: Op, before: State, after: State) {
        // It may fail again during the start.
        self.flash.cut_after(self.flash.work() % 97 + 2);
        let _ = Memory3::open(self.flash.clone(), None);
        self.flash.power_on();
        self.store = Memory3::open(self.flash.clone(), None);
        assert_eq!(self.store.trouble(), None, "{op:?}");
        let mut found = state(&self.store);
        let starts = found.starts - before.starts;
        assert!((1..=3).contains(&starts), "{starts} starts are noted after three");
        found.starts = before.starts;
        if let (Op::Begin(number), Some(due)) = (op, found.unanswered)
            && found.unanswered != before.unanswered
        {
            // It was noted, but not acknowledged.
            assert_eq!(due, unanswered(due.batch, due.stan, number));
            if after.unanswered.is_none() {
                self.number_given(number, due.batch, due.stan);
            }
            (found.unanswered, found.place) = (after.unanswered, after.place);
        }
        let after = State { starts: before.starts, ..after };
        assert!(found == before || found == after, "{op:?} was done by half: {found:?}, {before:?}, {after:?}");
        self.acknowledged = state(&self.store);
    }

    /// Numbers only go up.
    fn number_given(&mut self, place: u8, batch: Batch, stan: Stan) {
        let (known, last) = &mut self.centre[usize::from(place % 2)];
        assert!(batch == *known && stan.0 > *last && Stan::new(stan.0).is_some(), "{batch:?} {stan:?} after {last}");
        *last = stan.0;
    }
}

/// A day at a terminal.
fn day() -> Vec<Op> {
    let mut ops = vec![Op::SetUp(0, 999_990)];
    for visit in 0..12 {
        ops.extend([Op::Begin(visit), Op::End]);
        match visit {
            3 => ops.push(Op::Restart(Some(Crash::panic("terminal/mod.rs", 7)))),
            5 => ops.push(Op::SetUp(1, 5)),
            7 => ops.extend([Op::Begin(77), Op::Restart(None), Op::SetUp(0, 9), Op::End]),
            _ => {}
        }
    }
    ops
}

#[test]
fn power_may_fail_at_any_byte() {
    let flash = Flash::new((PAGES + JOURNAL) as usize, 0);
    let mut rig = Rig::new(flash.clone());
    day().into_iter().for_each(|op| rig.act(op));
    let (work, erasures) = (flash.work(), flash.erasures());
    assert!(erasures > 2 * PAGES, "every page was used more than once: {erasures}");
    for cut in 0..work {
        let flash = Flash::new((PAGES + JOURNAL) as usize, cut);
        flash.cut_after(cut + 1);
        let mut rig = Rig::new_in_the_dark(flash);
        for op in day() {
            rig.act(op);
        }
        rig.act(Op::Restart(None));
    }
}

impl Rig {
    /// The power may fail during the very first start.
    fn new_in_the_dark(flash: Flash) -> Self {
        let store = Memory3::open(flash.clone(), None);
        if flash.is_off() {
            flash.power_on();
            return Self::new(flash);
        }
        let acknowledged = state(&store);
        Self { flash, store, acknowledged, centre: [(Batch(1), 0); 2] }
    }
}

fn any_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        1 => (any::<u8>(), prop_oneof![1_u32..=999_999, 1_u32..30, 999_970_u32..=999_999])
            .prop_map(|(number, next)| Op::SetUp(number, next)),
        1 => any::<u8>().prop_map(Op::Lease),
        5 => any::<u8>().prop_map(Op::Begin),
        4 => Just(Op::End),
        1 => Just(Op::Restart(None)),
        1 => any::<[u32; 3]>().prop_map(|[status, stack, at]| Op::Restart(Some(Crash::fault(status, stack, at)))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Several cuts, during any operation, on a region with any contents.
    #[test]
    fn nothing_acknowledged_is_lost(
        seed: u64,
        garbage in prop::option::of(prop::collection::vec(any::<u8>(), (PAGES + JOURNAL) as usize * PAGE)),
        // Before each operation, a cut within so many bytes of work, or none.
        ops in prop::collection::vec((prop::option::weighted(0.3, 0_u64..700), any_op()), 1..80),
    ) {
        let flash = Flash::new((PAGES + JOURNAL) as usize, seed);
        if let Some(garbage) = garbage {
            flash.fill(&garbage);
        }
        let mut rig = Rig::new(flash.clone());
        for (cut, op) in ops {
            if let Some(cut) = cut {
                flash.cut_after(cut + 1);
            }
            rig.act(op);
        }
        flash.power_on();
        rig.act(Op::Restart(None));
    }

    /// A region without our data, whatever it contains, is that of a new terminal.
    #[test]
    fn garbage_is_a_fresh_region(bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(0), Just(0xFF)], (PAGES + JOURNAL) as usize * PAGE)) {
        let flash = Flash::new((PAGES + JOURNAL) as usize, 1);
        flash.fill(&bytes);
        let mut rig = Rig::new(flash);
        prop_assert_eq!(rig.store.trouble(), None);
        prop_assert_eq!(rig.acknowledged, State { place: None, unanswered: None, starts: 1, crashes: (0, None) });
        day().into_iter().for_each(|op| rig.act(op));
    }

    /// Pages that wear out one by one are skipped. When all are worn out, the terminal is told, and still knows what it
    /// knew.
    #[test]
    fn worn_pages_are_passed_over_until_none_is_left(seed: u64, endurance in 1_u32..6) {
        let flash = Flash::new((PAGES + JOURNAL) as usize, seed);
        flash.set_endurance(endurance);
        let mut rig = Rig::new(flash.clone());
        rig.act(Op::SetUp(0, 1));
        rig.act(Op::Lease(0));
        let mut transactions = 0;
        let error = loop {
            let before = state(&rig.store);
            let result = if rig.store.is_full() && transactions % 2 == 0 {
                rig.next_batch(0)
            } else if transactions % 2 == 0 {
                rig.store.begin(&settings(0), original(1), Deal::Purchase).map(|(batch, stan)| rig.number_given(0, batch, stan))
            } else {
                rig.store.close(Closed::Confirmed, None)
            };
            match result {
                Ok(()) => transactions += 1,
                Err(error) => {
                    prop_assert_eq!(state(&rig.store), before);
                    break error;
                }
            }
            prop_assert!(transactions < 1000, "it never wears out");
        };
        prop_assert_eq!(error, MemoryError::Worn);
        prop_assert_eq!(rig.store.trouble(), Some(MemoryError::Worn));
        // Four records per page and erasure; the first three were others.
        prop_assert!(transactions + 3 >= (endurance * PAGES - PAGES) * 4, "{} at {}", transactions, endurance);
        let before = state(&rig.store);
        let mut again = Memory3::open(flash, None);
        // Pages of the records may be good still where those of the journal are not: then the start is counted.
        let starts = before.starts + u32::from(again.trouble().is_none());
        prop_assert_eq!(state(&again), State { starts, ..before });
        let refused = match before.unanswered {
            Some(_) => again.close(Closed::Confirmed, None),
            None => again.begin(&settings(0), original(1), Deal::Purchase).map(drop),
        };
        // A worn page may take something by luck: what was kept is found by reading.
        let is_known = matches!(refused, Ok(()) | Err(MemoryError::Worn | MemoryError::NumbersUsedUp));
        prop_assert!(is_known, "{:?}", refused);
    }

    /// What we write, sequential-storage reads.
    #[test]
    fn the_library_reads_what_is_written(ops in prop::collection::vec(any_op(), 1..60)) {
        let flash = Flash::new((PAGES + JOURNAL) as usize, 2);
        let mut rig = Rig::new(flash.clone());
        ops.into_iter().for_each(|op| rig.act(op));
        let newest = records(&flash).into_iter().max_by_key(|record| record[4..8].iter().rev().copied().collect::<Vec<_>>());
        let newest = newest.expect("at least one start was noted");
        prop_assert_eq!(newest.len(), 160);
        let number = |at: usize| u32::from_le_bytes(newest[at..at + 4].try_into().unwrap());
        prop_assert_eq!(number(72), rig.store.starts());
        let next = number(32);
        prop_assert!(next == 0 || Stan::new(next).unwrap_or(Stan::LAST) == rig.store.next(), "{}", next);
    }
}

/// What sequential-storage finds in all pages.
fn records(flash: &Flash) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for page in 0..PAGES {
        let mut queue = page_of(flash, page);
        let mut items = block_on(queue.iter()).unwrap();
        let mut buffer = [0; PAGE];
        while let Some(item) = block_on(items.next(&mut buffer)).unwrap() {
            found.push(item.to_vec());
        }
    }
    found
}

type Page = QueueStorage<
    Async,
    Cache<
        sequential_storage::cache::Uncached,
        sequential_storage::cache::Uncached,
        sequential_storage::cache::Uncached,
    >,
>;

fn page_of(flash: &Flash, page: u32) -> Page {
    let start = page * PAGE as u32;
    let config = QueueConfig::try_new(start..start + PAGE as u32).unwrap();
    QueueStorage::new(Async(flash.clone()), config, Cache::new_uncached())
}

/// The flash in the form for sequential-storage.
struct Async(Flash);

impl later::ErrorType for Async {
    type Error = embedded_storage::nor_flash::NorFlashErrorKind;
}

impl later::ReadNorFlash for Async {
    const READ_SIZE: usize = Flash::READ_SIZE;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> impl Future<Output = Result<(), Self::Error>> {
        ready(self.0.read(offset, bytes))
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl later::NorFlash for Async {
    const WRITE_SIZE: usize = Flash::WRITE_SIZE;
    const ERASE_SIZE: usize = Flash::ERASE_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> impl Future<Output = Result<(), Self::Error>> {
        ready(self.0.erase(from, to))
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> impl Future<Output = Result<(), Self::Error>> {
        ready(self.0.write(offset, bytes))
    }
}

/// We read what sequential-storage writes; records that are not ours are skipped.
#[test]
fn what_the_library_wrote_is_read() {
    let flash = Flash::new((PAGES + JOURNAL) as usize, 3);
    let mut rig = Rig::new(flash.clone());
    [Op::SetUp(1, 77), Op::Begin(5)].into_iter().for_each(|op| rig.act(op));
    let newest = records(&flash).pop().unwrap();

    let copy = Flash::new((PAGES + JOURNAL) as usize, 4);
    let mut queue = page_of(&copy, 1);
    for length in [0, 1, 7, 8, 9, 200] {
        block_on(queue.push(&vec![b'Q'; length], false)).unwrap();
    }
    block_on(queue.push(&newest, false)).unwrap();
    let store = Memory3::open(copy, None);
    // The journal lies elsewhere.
    assert_eq!(state(&store), State { starts: 2, unanswered: None, ..rig.acknowledged });
}

#[test]
fn records_of_another_version_are_left_alone() {
    let old = [0, 1, 4, 0xFF].map(|version| (version, 104));
    let new = [0, 3, 5, 0xFF].map(|version| (version, 160));
    for (version, length) in old.into_iter().chain(new) {
        let flash = Flash::new((PAGES + JOURNAL) as usize, 5);
        let mut record = vec![0x55; length];
        record[..3].copy_from_slice(&[b'Q', b'Y', version]);
        block_on(page_of(&flash, 2).push(&record, false)).unwrap();
        let before = flash.bytes().to_vec();
        let mut store = Memory3::open(flash.clone(), Some(Crash::fault(1, 2, 3)));
        assert_eq!(store.trouble(), Some(MemoryError::OtherVersion));
        assert_eq!(store.owed(), Err(MemoryError::OtherVersion), "a reversal may be due");
        assert_eq!(store.token(Token([1; 8])), Err(MemoryError::OtherVersion));
        let lease = Lease { batch: Batch(1), next: Stan(1) };
        assert_eq!(store.keep_lease(&settings(1), lease), Err(MemoryError::OtherVersion));
        assert_eq!(store.begin(&settings(1), original(1), Deal::Purchase), Err(MemoryError::OtherVersion));
        assert_eq!(store.close(Closed::Confirmed, None), Err(MemoryError::OtherVersion));
        assert_eq!(set_up(&mut store, 1), Err(MemoryError::OtherVersion));
        assert_eq!(store.place(), None);
        assert_eq!(*flash.bytes(), *before);
    }
}

/// What the store gives next, after the till and the centre have said where to go on.
fn next(store: &mut Memory3, from_till: u32, lease: (u32, u32)) -> Result<(u32, u32), MemoryError> {
    set_up(store, from_till).unwrap();
    store.keep_lease(&settings(0), Lease { batch: Batch(lease.0), next: Stan(lease.1) }).unwrap();
    let (batch, stan) = store.begin(&settings(0), original(1), Deal::Purchase)?;
    store.close(Closed::Confirmed, None).unwrap();
    Ok((batch.0, stan.0))
}

/// docs/never-lost.md §3.
#[test]
fn a_number_from_outside_never_takes_the_next_one_back() {
    let mut store = Memory3::open(Flash::new((PAGES + JOURNAL) as usize, 6), None);
    let mut next = |from_till, lease| next(&mut store, from_till, lease);
    assert_eq!(next(1, (1, 800_000)), Ok((1, 800_000)), "the first one is taken as it is");
    assert_eq!(next(799_999, (1, 1)), Ok((1, 800_001)));
    assert_eq!(next(800_001, (1, 800_001)), Ok((1, 800_002)));
    assert_eq!(next(800_010, (1, 800_005)), Ok((1, 800_010)));
    assert_eq!(next(1, (1, 999_999)), Ok((1, 999_999)));
    // 1 would be a repetition.
    for from_till in [1, 999_999] {
        assert_eq!(next(from_till, (1, 999_999)), Err(MemoryError::NumbersUsedUp));
    }
    // Another batch has all its numbers.
    assert_eq!(next(1, (2, 1)), Ok((2, 1)));
    assert_eq!(next(1, (2, 1)), Ok((2, 2)));
}

#[test]
fn a_batch_is_for_one_place_and_name() {
    let mut store = Memory3::open(Flash::new((PAGES + JOURNAL) as usize, 6), None);
    assert_eq!(
        store.begin(&settings(0), original(1), Deal::Purchase),
        Err(MemoryError::NumbersUsedUp),
        "nobody has given one"
    );
    store.keep_lease(&settings(0), Lease { batch: Batch(3), next: Stan(5) }).unwrap();
    assert_eq!((store.batch(&settings(0)), store.batch(&settings(1))), (Some(Batch(3)), None));
    assert_eq!(store.begin(&settings(1), original(1), Deal::Purchase), Err(MemoryError::NumbersUsedUp));
    store.keep_lease(&settings(1), Lease { batch: Batch(1), next: Stan(1) }).unwrap();
    assert_eq!(store.begin(&settings(1), original(1), Deal::Purchase), Ok((Batch(1), Stan(1))));
}

#[test]
fn a_token_is_made_once() {
    let flash = Flash::new((PAGES + JOURNAL) as usize, 6);
    let mut store = Memory3::open(flash.clone(), None);
    assert_eq!(store.token(Token([1; 8])), Ok(Token([1; 8])));
    let mut store = Memory3::open(flash.clone(), None);
    store.set_up(place(1).0, place(1).1, Stan(1)).unwrap();
    let work = flash.work();
    assert_eq!(store.token(Token([2; 8])), Ok(Token([1; 8])));
    assert_eq!(flash.work(), work);
}

/// docs/never-lost.md §4. A transaction costs a record and an item for each state, and a start a record: the life of the flash is computed from this.
#[test]
fn what_a_transaction_costs() {
    let flash = Flash::new((PAGES + JOURNAL) as usize, 7);
    let mut store = Memory3::open(flash.clone(), None);
    let lease = |next| Lease { batch: Batch(1), next: Stan(next) };
    store.keep_lease(&settings(0), lease(1)).unwrap();
    let mut sell = || {
        let before = flash.work();
        store.begin(&settings(0), original(1), Deal::Purchase).unwrap();
        store.answered(Fen(1)).unwrap();
        store.card_result(None).unwrap();
        store.close(Closed::Confirmed, None).unwrap();
        // A lease that says what is known costs nothing.
        set_up(&mut store, 1).unwrap();
        store.keep_lease(&settings(0), lease(2)).unwrap();
        flash.work() - before
    };
    // The first one begins the journal's first page, which is erased: its head has 16 bytes. And it is the third record, for which another
    // page is erased: its mark has eight.
    assert_eq!(sell(), 168 + 4 * 80 + 2 * PAGE as u64 + 16 + 8);
    assert_eq!(sell(), 168 + 4 * 80 + PAGE as u64 + 16, "the second begins another, since a page has six places");
}
