//! The rules of slips: fees, check characters, payments in any order, the picture.

use std::collections::HashSet;

use jiff::civil::{Date, date};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use strum::VariantArray;

use qiyong_protocol::card::codes::Region;

use crate::acts::fields::{Day, Private};
use crate::orders::Exemption;
use crate::slip::check::{is_payment_code, number, number_check, payment_code, whole_check};
use crate::slip::fee::{Case, CollectingUnit, Fee, FeeRule};
use crate::slip::payment::{Account, Decision, Flow, Payment, PaymentState, is_reference};
use crate::slip::refusal::SlipRefusal;
use crate::slip::state::{SlipState, SlipStep};
use crate::slip::{Item, Slip};

const ISSUED: Date = date(2026, 3, 2);
const DUE: Date = date(2026, 4, 1);

fn nanjing() -> Region {
    Region::new("320100").unwrap()
}

fn unit() -> CollectingUnit {
    CollectingUnit {
        code: "320199001".into(),
        name: "某市社会保障卡管理中心".into(),
        bank: "某银行".into(),
        account_holder: "某市财政局".into(),
        account: "3201000000000001".into(),
    }
}

fn slip(serial: u64, payer: &str, amount: i64) -> Slip {
    let number = number(nanjing(), 2026, serial).unwrap();
    let mut slip = Slip {
        number_check: number_check(&number).unwrap(),
        number,
        whole_check: String::new(),
        payment_code: payment_code(nanjing(), 2026, serial).unwrap(),
        application: "320100202603020000017".into(),
        unit: unit(),
        payer: Private(payer.into()),
        items: vec![Item {
            code: "10304".into(),
            name: "社会保障卡工本费".into(),
            unit: "张".into(),
            quantity: 1,
            rate: amount,
            amount,
        }],
        total: amount,
        issued: Day(ISSUED),
        due: Day(DUE),
    };
    slip.whole_check = check_of(&slip);
    slip
}

fn check_of(slip: &Slip) -> String {
    whole_check(&Sha256::digest(slip.canonical()).into())
}

/// Every text with one digit changed, and every one with two digits exchanged.
fn mutants(text: &str) -> (HashSet<String>, HashSet<String>) {
    let bytes = text.as_bytes();
    let text_of = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (mut wrong, mut exchanged) = (HashSet::new(), HashSet::new());
    for at in 0..bytes.len() {
        for digit in b'0'..=b'9' {
            let mut other = bytes.to_vec();
            other[at] = digit;
            wrong.insert(text_of(&other));
        }
        for with in at + 1..bytes.len() {
            let mut other = bytes.to_vec();
            other.swap(at, with);
            exchanged.insert(text_of(&other));
        }
    }
    wrong.remove(text);
    exchanged.remove(text);
    (wrong, exchanged)
}

/// The rate stated in `check`: all of them.
#[test]
fn the_number_check_finds_every_wrong_digit_and_every_exchange_of_two() {
    for serial in [1, 9, 10, 123, 90_909, 12_345_678, 99_999_999] {
        let number = number(nanjing(), 2026, serial).unwrap();
        let check = number_check(&number).unwrap();
        let (wrong, exchanged) = mutants(&number);
        assert_eq!(wrong.len(), 18 * 9);
        assert!(exchanged.len() > 20);
        for mutant in wrong.iter().chain(&exchanged) {
            assert_ne!(number_check(mutant).unwrap(), check, "{mutant} for {number}");
        }
    }
    for bad in ["", "32010020260000000", "3201002026000000012", "32010020260000000x"] {
        assert_eq!(number_check(bad), None);
    }
    assert_eq!(number(nanjing(), 2026, 0), None);
    assert_eq!(number(nanjing(), 2026, 100_000_000), None);
    assert_eq!(number(nanjing(), 1999, 1), None);
}

/// The rate stated in `check`: of many different numbers, one in 99,991 has the same check.
#[test]
fn the_number_check_misses_one_other_number_in_99991() {
    let check = number_check("320100202600000001").unwrap();
    let same = (2..200_000u64).filter(|serial| number_check(&format!("3201002026{serial:08}")).unwrap() == check);
    assert_eq!(same.collect::<Vec<_>>(), [99_992, 199_983]);
}

#[test]
fn a_payment_code_finds_every_wrong_character_and_every_exchange_of_two() {
    let mut seen = HashSet::new();
    let mut variants = HashSet::new();
    for serial in (1..500).chain([9_999_999_999]) {
        let code = payment_code(nanjing(), 2026, serial).unwrap();
        assert!(is_payment_code(&code), "{code}");
        assert!(code.starts_with("32010026") && seen.insert(code.clone()));
        variants.insert(code.as_bytes()[18]);
        let bytes = code.as_bytes();
        for at in 0..20 {
            for other in (b'0'..=b'9').chain(b'a'..=b'z').filter(|other| *other != bytes[at]) {
                let mut mutant = bytes.to_vec();
                mutant[at] = other;
                assert!(!is_payment_code(&String::from_utf8(mutant).unwrap()), "{code} at {at}");
            }
            for with in (0..at).filter(|with| bytes[*with] != bytes[at]) {
                let mut mutant = bytes.to_vec();
                mutant.swap(at, with);
                assert!(!is_payment_code(&String::from_utf8(mutant).unwrap()), "{code} at {at}");
            }
        }
    }
    assert_eq!(variants, HashSet::from([b'0', b'1']));
    assert_eq!(payment_code(nanjing(), 2026, 10_000_000_000), None);
}

/// Each field belongs to the whole-slip check, and no two fields run into one another.
#[test]
fn the_whole_slip_check_covers_every_field() {
    let good = slip(1, "张三", 2_000);
    let changes: [fn(&mut Slip); 17] = [
        |slip| slip.number = number(nanjing(), 2026, 2).unwrap(),
        |slip| slip.payment_code = payment_code(nanjing(), 2026, 2).unwrap(),
        |slip| slip.application.push('0'),
        |slip| slip.payer = Private("李四".into()),
        |slip| slip.total = 20,
        |slip| slip.issued = Day(date(2026, 3, 3)),
        |slip| slip.due = Day(date(2026, 12, 31)),
        |slip| slip.unit.code.push('0'),
        |slip| slip.unit.name.push('0'),
        |slip| slip.unit.bank.push('0'),
        |slip| slip.unit.account_holder = "骗子".into(),
        |slip| slip.unit.account = "6222020000000000000".into(),
        |slip| slip.items[0].code.push('0'),
        |slip| slip.items[0].name.push('0'),
        |slip| slip.items[0].unit.push('0'),
        |slip| slip.items[0].quantity = 2,
        |slip| slip.items.clear(),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let mut forged = good.clone();
        change(&mut forged);
        assert_ne!(check_of(&forged), good.whole_check, "change {at}");
    }
    let (mut one, mut other) = (good.clone(), good.clone());
    (one.unit.bank, one.unit.account_holder) = ("12".into(), "3".into());
    (other.unit.bank, other.unit.account_holder) = ("1".into(), "23".into());
    assert_ne!(one.canonical(), other.canonical());
}

/// The rate stated in `check`: about one change in 100,000 is missed.
#[test]
fn the_whole_slip_check_misses_about_one_change_in_100000() {
    let good = slip(1, "张三", 2_000);
    let missed = (0..300_000u32).filter(|at| {
        let forged = Sha256::digest(format!("{}{at}", good.canonical()));
        whole_check(&forged.into()) == good.whole_check
    });
    assert!((0..=12).contains(&missed.count()));
}

fn rule(kind: Option<&str>, reason: Option<&str>, exemption: Option<Exemption>, amount: i64) -> FeeRule {
    FeeRule { kind: kind.map(Into::into), reason: reason.map(Into::into), exemption, old_card_valid: None, amount }
}

fn fee() -> Fee {
    Fee {
        unit: unit(),
        item_code: "10304".into(),
        item_name: "社会保障卡工本费".into(),
        due_days: 30,
        rules: vec![
            rule(None, None, Some(Exemption::LowIncome), 0),
            rule(Some("first"), None, None, 0),
            FeeRule { old_card_valid: Some(true), ..rule(Some("replacement"), Some("maker-fault"), None, 0) },
            rule(None, None, None, 2_000),
        ],
    }
}

#[test]
fn the_first_rule_that_fits_gives_the_fee() {
    let fee = fee();
    assert_eq!(fee.problem(), None);
    let case = |kind, reason, exemption, valid| Case { kind, reason, exemption, old_card_valid: valid };
    assert_eq!(fee.amount(&case("first", None, None, None)), Some(0));
    assert_eq!(fee.amount(&case("replacement", Some("loss"), None, Some(true))), Some(2_000));
    assert_eq!(fee.amount(&case("replacement", Some("loss"), Some(Exemption::LowIncome), Some(true))), Some(0));
    assert_eq!(fee.amount(&case("replacement", Some("maker-fault"), None, Some(true))), Some(0));
    assert_eq!(fee.amount(&case("replacement", Some("maker-fault"), None, Some(false))), Some(2_000));
}

#[test]
fn every_fault_of_the_fee_parameter_is_named() {
    let faults: [(fn(&mut Fee), &str); 9] = [
        (|fee| fee.rules.clear(), "last rule"),
        (|fee| drop(fee.rules.pop()), "last rule"),
        (|fee| fee.rules[3].amount = -1, "rules[3].amount"),
        (|fee| fee.rules[1].amount = 100_001, "rules[1].amount"),
        (|fee| fee.rules.insert(0, FeeRule::default()), "rules[1] is never used"),
        (|fee| fee.due_days = 0, "due_days"),
        (|fee| fee.due_days = 367, "due_days"),
        (|fee| fee.unit.code = "1".repeat(31), "unit.code"),
        (|fee| fee.item_name = "a\nb".into(), "item_name"),
    ];
    for (fault, named) in faults {
        let mut fee = fee();
        fault(&mut fee);
        let problem = fee.problem().unwrap();
        assert!(problem.contains(named), "{problem}");
    }
}

/// No dead ends: from every state that is not final, steps lead to a final one.
#[test]
fn every_state_of_a_slip_leads_to_an_end() {
    let mut ends: HashSet<_> = SlipState::VARIANTS.iter().copied().filter(|state| state.is_final()).collect();
    for _ in SlipState::VARIANTS {
        for state in SlipState::VARIANTS {
            if SlipStep::VARIANTS.iter().any(|step| state.after(*step).is_some_and(|next| ends.contains(&next))) {
                ends.insert(*state);
            }
        }
    }
    assert_eq!(ends.len(), SlipState::VARIANTS.len());
}

/// A slip's account, its money, and messages to it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct World {
    account: Account,
    cash: i64,
    fee: i64,
    finance: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Message {
    Register(u8),
    Cancel(u8),
}

impl World {
    fn new() -> Self {
        let account = Account { state: SlipState::Unpaid, total: 2_000, issued: ISSUED, due: DUE, payments: vec![] };
        Self { account, cash: 0, fee: 0, finance: 0 }
    }

    fn take(&mut self, message: Message) -> Result<Decision, SlipRefusal> {
        let decision = match message {
            Message::Register(by) => self.account.register(&by.to_string(), 2_000, ISSUED, ISSUED)?,
            Message::Cancel(by) => self.account.cancel(&by.to_string(), false)?,
        };
        if let Decision::Now { payment, state, flows } = &decision {
            self.account.payments.retain(|known| known.reference != payment.reference);
            self.account.payments.push(payment.clone());
            self.account.payments.sort_by(|one, other| one.reference.cmp(&other.reference));
            self.account.state = *state;
            flows.iter().for_each(|flow| self.flow(*flow));
        }
        Ok(decision)
    }

    fn remit(&mut self) {
        if let Some(state) = self.account.state.after(SlipStep::Remit) {
            self.account.state = state;
            self.flow(Flow::FeeToFinance);
        }
    }

    fn flow(&mut self, flow: Flow) {
        let total = self.account.total;
        let (from, to) = match flow {
            Flow::CashToFee => (&mut self.cash, &mut self.fee),
            Flow::FeeToCash => (&mut self.fee, &mut self.cash),
            Flow::FeeToFinance => (&mut self.fee, &mut self.finance),
            Flow::FinanceToFee => (&mut self.finance, &mut self.fee),
        };
        *from -= total;
        *to += total;
    }

    /// What holds after any history.
    fn check(&self) {
        let paying = self.account.payments.iter().filter(|payment| payment.state == PaymentState::Registered).count();
        let (fee, finance) = match self.account.state {
            SlipState::Paid => (2_000, 0),
            SlipState::Remitted => (0, 2_000),
            SlipState::Unpaid | SlipState::Void => (0, 0),
        };
        assert_eq!(paying, usize::from(fee + finance > 0));
        assert_eq!((self.cash, self.fee, self.finance), (-fee - finance, fee, finance));
        assert_eq!(self.account.paid_by().is_some(), paying == 1);
    }
}

proptest! {
    /// Registering and cancelling one payment commute, and repetitions change nothing.
    #[test]
    fn messages_of_one_payment_leave_one_outcome_in_any_order(
        order in proptest::collection::vec(any::<bool>(), 1..12),
        remit in any::<bool>(),
    ) {
        let mut world = World::new();
        for cancels in &order {
            let _ = world.take(if *cancels { Message::Cancel(1) } else { Message::Register(1) });
            if remit {
                world.remit();
            }
            world.check();
        }
        let mut expected = World::new();
        if order.contains(&true) {
            expected.take(Message::Cancel(1)).unwrap();
        } else {
            expected.take(Message::Register(1)).unwrap();
            if remit {
                expected.remit();
            }
        }
        // A cancelled payment remembers its amount if it had come; that is history, not outcome.
        for world in [&mut world, &mut expected] {
            world.account.payments.iter_mut().for_each(|payment| payment.amount = None);
        }
        prop_assert_eq!(world, expected);
    }

    /// Whatever several payers and their banks send, a slip is paid at most once.
    #[test]
    fn a_slip_is_never_paid_twice(messages in proptest::collection::vec((any::<bool>(), 1u8..4, any::<bool>()), 0..40)) {
        let mut world = World::new();
        for (cancels, by, remit) in messages {
            let message = if cancels { Message::Cancel(by) } else { Message::Register(by) };
            let before = world.clone();
            let first = world.take(message);
            if first.is_err() {
                prop_assert_eq!(&world, &before);
            } else {
                prop_assert_eq!(world.take(message), Ok(Decision::Already));
            }
            if remit {
                world.remit();
            }
            world.check();
        }
    }
}

#[test]
fn every_refusal_of_a_payment() {
    let mut account = World::new().account;
    let register = |account: &Account, amount, paid, today| account.register("A-1", amount, paid, today).unwrap_err();
    assert_eq!(register(&account, 1_999, ISSUED, ISSUED), SlipRefusal::Amount { due: 2_000 });
    assert_eq!(register(&account, 2_000, date(2026, 4, 2), date(2026, 4, 2)), SlipRefusal::Overdue { due: DUE });
    let day = |paid, today| register(&account, 2_000, paid, today);
    assert_eq!(day(date(2026, 3, 1), DUE), SlipRefusal::PaymentDay { issued: ISSUED, today: DUE });
    assert_eq!(day(DUE, ISSUED), SlipRefusal::PaymentDay { issued: ISSUED, today: ISSUED });
    // Paid on the last day and reported later.
    assert!(account.register("A-1", 2_000, DUE, date(2026, 5, 1)).is_ok());
    account.payments.push(Payment { reference: "A-1".into(), amount: Some(2_000), state: PaymentState::Registered });
    account.state = SlipState::Paid;
    assert_eq!(register(&account, 1, ISSUED, ISSUED), SlipRefusal::PaymentDiffers);
    assert_eq!(account.register("B-1", 2_000, ISSUED, ISSUED).unwrap_err(), SlipRefusal::PaidOtherwise);
    assert_eq!(account.cancel("A-1", true).unwrap_err(), SlipRefusal::FeeUsed);
    account.payments[0].state = PaymentState::Cancelled;
    account.state = SlipState::Void;
    assert_eq!(register(&account, 2_000, ISSUED, ISSUED), SlipRefusal::PaymentCancelled);
    assert_eq!(account.register("B-1", 2_000, ISSUED, ISSUED).unwrap_err(), SlipRefusal::Void);
    for bad in ["", "a b", "é", "x;--", &"1".repeat(41)] {
        assert!(!is_reference(bad));
    }
    assert!(is_reference("BANK-20260302-1"));
}

/// The picture is XML, whatever the names hold, and shows what the slip says.
#[test]
fn the_picture_shows_the_slip_and_is_well_formed() {
    let picture = slip(7, "<张三> & \"李四\"", 2_000).svg();
    for text in
        ["320100202600000007", "&lt;张三&gt; &amp; \"李四\"", "¥ 20.00", "贰拾元整", "2026-04-01", "社会保障卡工本费"]
    {
        assert!(picture.contains(text), "{text} in {picture}");
    }
    let mut open = Vec::new();
    for event in svg::parser::Parser::new(&picture) {
        match event {
            svg::parser::Event::Tag(name, svg::node::element::tag::Type::Start, _) => open.push(name.to_owned()),
            svg::parser::Event::Tag(name, svg::node::element::tag::Type::End, _) => {
                assert_eq!(open.pop().as_deref(), Some(name));
            }
            svg::parser::Event::Error(error) => panic!("{error}"),
            _ => {}
        }
    }
    assert!(open.is_empty());
}
