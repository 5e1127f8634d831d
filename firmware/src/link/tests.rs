//! The link over a port in virtual time, with a till and a centre at the other end.

use core::cell::RefCell;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::collections::VecDeque;
use std::rc::Rc;
use std::string::ToString;
use std::vec::Vec;

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::Date;
use qiyong_protocol::centre::iso8583::{HEADER, Message, TPDU};
use qiyong_protocol::centre::message::{response, write_answer, write_rejection};
use qiyong_protocol::centre::{Body, TerminalId};
use qiyong_protocol::iso7816::sw::StatusWord;
use qiyong_protocol::rules::decision::Effects;
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_protocol::rules::reason::{Outcome, Reason};

use super::*;
use crate::terminal::{Cause, CauseCode};

const TIME: Timestamp = match Date::new(2026, 11, 25) {
    Some(date) => Timestamp { date, hour: 9, minute: 30, second: 0 },
    None => panic!("there is such a day"),
};

/// What the link has around it.
#[derive(Default)]
struct World {
    to_link: VecDeque<u8>,
    from_link: Vec<u8>,
    now_ms: u32,
    clock: Option<Timestamp>,
}

#[derive(Clone, Default)]
struct FakePort(Rc<RefCell<World>>);

impl Port for FakePort {
    async fn send(&self, frame: &[u8]) {
        self.0.borrow_mut().from_link.extend_from_slice(frame);
    }

    async fn receive(&self) -> u8 {
        poll_fn(|_| self.0.borrow_mut().to_link.pop_front().map_or(Poll::Pending, Poll::Ready)).await
    }

    async fn wait(&self, ms: u32) {
        let end = self.0.borrow().now_ms + ms;
        poll_fn(|_| if self.0.borrow().now_ms >= end { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}

/// A link, its port, and the future that listens.
struct Bench<'a> {
    link: &'a Link<FakePort>,
    port: FakePort,
    listen: core::pin::Pin<&'a mut dyn Future<Output = ()>>,
}

/// Runs `test` with a link that is listened on. Its first state has been told.
fn with_link(test: impl FnOnce(&mut Bench<'_>)) {
    let port = FakePort::default();
    let state = State {
        set_up: false,
        reversal_due: true,
        visit: None,
        next_stan: Stan(5),
        starts: 2,
        crashes: 1,
        serial: [7; 12],
    };
    let link = Link::new(port.clone(), state);
    let outside = port.clone();
    let listen = pin!(async {
        link.listen(|time| outside.0.borrow_mut().clock = Some(time)).await;
    });
    let mut bench = Bench { link: &link, port, listen };
    assert_eq!(bench.events(), [Event::State(state)]);
    test(&mut bench);
}

impl Bench<'_> {
    /// Lets the link work until it waits.
    fn settle(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..3 {
            assert!(self.listen.as_mut().poll(&mut context).is_pending());
        }
    }

    /// What has come from the link since the last time.
    fn frames(&mut self) -> Vec<(Channel, Vec<u8>)> {
        self.settle();
        let mut decoder = Decoder::<FRAME_MAX>::new();
        let bytes = core::mem::take(&mut self.port.0.borrow_mut().from_link);
        let frames = bytes.into_iter().filter_map(|byte| {
            decoder.push(byte).map(|frame| frame.map(|frame| (frame.channel, frame.payload.to_vec())).unwrap())
        });
        frames.collect()
    }

    /// The events among it; there is nothing else.
    fn events(&mut self) -> Vec<Event> {
        let event = |(channel, payload): (Channel, Vec<u8>)| {
            assert_eq!(channel, Channel::Till);
            Event::decode(&payload).unwrap()
        };
        self.frames().into_iter().map(event).collect()
    }

    fn say(&mut self, channel: Channel, payload: &[u8]) {
        let mut buffer = [0; FRAME_MAX];
        let frame = encode(channel, payload, &mut buffer).unwrap();
        self.port.0.borrow_mut().to_link.extend(frame);
    }

    /// What the link tells the till when commanded this.
    fn told(&mut self, command: &Command) -> Vec<Event> {
        self.say(Channel::Till, &command.encode());
        self.events()
    }

    /// What the application is to do, if anything.
    fn job(&mut self) -> Option<Job> {
        self.settle();
        now(pin!(self.link.command()))
    }

    fn set_up(&mut self) {
        assert_eq!(self.told(&Command::Setup(setup())), [], "the application tells");
        assert!(matches!(self.job(), Some(Job::Setup(_))));
        now(pin!(self.link.tell_state())).unwrap();
        assert!(matches!(self.events()[..], [Event::State(State { set_up: true, visit: None, .. })]));
    }

    fn state(&mut self) -> State {
        match self.told(&Command::Status)[..] {
            [Event::State(state)] => state,
            ref other => panic!("{other:?}"),
        }
    }
}

/// What a future has come to, if it need not wait.
fn now<F: Future>(future: core::pin::Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn setup() -> Setup {
    Setup {
        institution: InstitutionCode::new("P32010000017").unwrap(),
        terminal: TerminalId(*b"00000001"),
        key: key(),
        next_stan: Stan(1),
    }
}

fn key() -> X919 {
    X919::new(*b"TEST key of link")
}

fn start(reference: u32, operation: Operation) -> Command {
    Command::Start { reference: Reference(reference), time: TIME, operation }
}

fn purchase() -> Operation {
    Operation::Purchase(Bill::new(Fen(100), Fen(0)).unwrap())
}

fn report(stan: u32) -> Report {
    Report {
        outcome: Outcome::Approved,
        reason: None,
        cause: None,
        effects: Effects { activates: true, activates_financial: false, charge: Fen(100) },
        balance: Some(Fen(900)),
        standing: None,
        card: None,
        stan: Some(Stan(stan)),
        pin_changed: false,
        pin_unchanged: None,
    }
}

#[test]
fn before_it_is_set_up_nothing_is_served_but_what_needs_no_place() {
    with_link(|bench| {
        assert_eq!(bench.told(&start(1, Operation::Query)), [Event::Refused(Refused::NotSetUp)]);
        assert!(bench.job().is_none());
        bench.say(Channel::Till, b"no command");
        assert_eq!(bench.events(), [Event::Refused(Refused::Malformed)]);
        bench.told(&Command::Time(TIME));
        assert_eq!(bench.port.0.borrow().clock, Some(TIME));
        bench.set_up();
        assert!(bench.state().set_up);
    });
}

#[test]
fn a_visit_is_served_once_however_often_it_is_started() {
    with_link(|bench| {
        bench.set_up();
        let busy = |events: &[Event]| matches!(events, [Event::State(state)] if state.visit == Some(Reference(9)));
        assert!(busy(&bench.told(&start(9, purchase()))));
        assert_eq!(bench.port.0.borrow().clock, Some(TIME));
        assert!(matches!(bench.job(), Some(Job::Serve(Operation::Purchase(_)))));
        // The answer to the start got lost, so the till says it again; another till's comes in between.
        assert!(busy(&bench.told(&start(9, purchase()))));
        assert_eq!(bench.told(&start(10, purchase())), [Event::Refused(Refused::Busy)]);
        assert_eq!(bench.told(&Command::Setup(setup())), [Event::Refused(Refused::Busy)]);
        assert!(bench.job().is_none());

        bench.link.note(Stan(6), false);
        now(pin!(bench.link.tell_end(&report(5)))).unwrap();
        let told = bench.events();
        let [Event::Ended(ended)] = told[..] else { panic!("{told:?}") };
        assert_eq!((ended.reference, ended.stan, ended.balance), (Reference(9), Some(Stan(5)), Some(Fen(900))));
        assert_eq!(ended.cause, None);
        // The end got lost.
        assert_eq!(bench.told(&start(9, purchase())), told);
        assert!(bench.job().is_none());
        let state = bench.state();
        assert_eq!((state.visit, state.next_stan, state.reversal_due), (None, Stan(6), false));

        // What such a place does not offer. The visit before keeps its end.
        assert_eq!(bench.told(&start(10, Operation::Apply { document: None })), [Event::Refused(Refused::NotHere)]);
        assert_eq!(bench.told(&start(9, purchase())), told);
        assert!(matches!(bench.told(&start(11, Operation::Query))[..], [Event::State(_)]));
        assert!(matches!(bench.job(), Some(Job::Serve(Operation::Query))));
    });
}

/// Both may come before the application is polled: after a page was erased, or when the terminal has just started.
#[test]
fn a_start_right_behind_a_setup_does_not_take_its_place() {
    with_link(|bench| {
        for command in [Command::Setup(setup()), start(1, purchase())] {
            let mut line = [0; encoded_len(TILL_MAX)];
            let frame = encode(Channel::Till, &command.encode(), &mut line).unwrap();
            bench.port.0.borrow_mut().to_link.extend(frame);
        }
        assert_eq!(bench.events(), [Event::Refused(Refused::Busy)]);
        assert!(matches!(bench.job(), Some(Job::Setup(_))));
        // Once that has been taken note of, a visit can begin.
        bench.told(&start(1, purchase()));
        assert!(matches!(bench.job(), Some(Job::Serve(_))));
    });
}

#[test]
fn the_till_is_told_what_was_wrong_with_a_card() {
    with_link(|bench| {
        bench.set_up();
        bench.told(&start(9, purchase()));
        let code = CauseCode::from(Cause::Status { ins: 0xA4, sw: StatusWord(0x6A82) });
        let (outcome, reason) = (Outcome::Failed, Some(Reason::CardUnreadable));
        now(pin!(bench.link.tell_end(&Report { outcome, reason, cause: Some(code), ..report(5) }))).unwrap();
        let told = bench.events();
        let [Event::Ended(Ended { reason: Some(Reason::CardUnreadable), cause: Some(cause), .. })] = told[..] else {
            panic!("{told:?}")
        };
        assert_eq!(CauseCode(cause).to_string(), "the card answered INS A4 with 6A82 (file not found)");
    });
}

#[test]
fn a_cancel_cancels_the_visit_under_way_and_no_other() {
    with_link(|bench| {
        bench.set_up();
        bench.told(&Command::Cancel);
        bench.told(&start(1, Operation::Query));
        bench.job();
        assert!(now(pin!(bench.link.cancelled())).is_none(), "pressed too early");
        bench.told(&Command::Cancel);
        assert!(now(pin!(bench.link.cancelled())).is_some());
        assert!(now(pin!(bench.link.cancelled())).is_none(), "once");
        // Pressed when nothing waited for it any more.
        bench.told(&Command::Cancel);
        now(pin!(bench.link.tell_end(&report(1)))).unwrap();
        bench.told(&start(2, Operation::Query));
        bench.job();
        assert!(now(pin!(bench.link.cancelled())).is_none());
    });
}

/// A request, and the centre's message that answers it by `answer`.
struct Asked {
    request: Vec<u8>,
}

impl Asked {
    /// The one request that the link has sent.
    fn of(bench: &mut Bench<'_>) -> Self {
        let frames = bench.frames();
        let [(Channel::Centre, request)] = &frames[..] else { panic!("{frames:?}") };
        Self { request: request.clone() }
    }

    fn answer(&self, answer: &Answer) -> Vec<u8> {
        let message = Message::read(&self.request).unwrap();
        assert!(message.is_authentic(&key()));
        let mut buffer = [0; MESSAGE_MAX];
        write_answer(answer, &message, &key(), &mut buffer).unwrap().to_vec()
    }

    fn rejection(&self) -> Vec<u8> {
        let mut buffer = [0; MESSAGE_MAX];
        let message = Message::read(&self.request).unwrap();
        write_rejection(response::MAC, &message, &key(), &mut buffer).unwrap().to_vec()
    }
}

fn reversal(stan: u32) -> Request<'static> {
    let Setup { institution, terminal, .. } = setup();
    let card = CardNumber::new(b"X00000019").unwrap();
    Request { institution, terminal, time: TIME, body: Body::Reverse { stan: Stan(stan), card } }
}

#[test]
fn an_answer_is_the_one_to_what_was_asked_whole_and_in_time() {
    with_link(|bench| {
        assert_eq!(now(pin!((&mut &*bench.link).ask(&reversal(1)))), Some(Err(LinkError::NotSetUp)), "no key yet");
        assert!(bench.frames().is_empty());
        bench.set_up();
        let mut link = bench.link;

        let (request, mut late) = (reversal(1), reversal(1));
        let mut ask = pin!(link.ask(&request));
        assert!(now(ask.as_mut()).is_none());
        let asked = Asked::of(bench);
        let right = asked.answer(&Answer::Done);
        // Damaged in any bit that the MAC or the length sees (it does not see TPDU and header), it is no answer, and does no
        // harm to the right one behind it.
        for bit in (0..2 * 8).chain((2 + TPDU.len() + HEADER.len()) * 8..right.len() * 8) {
            let mut bent = right.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            bench.say(Channel::Centre, &bent);
            bench.settle();
            assert!(now(ask.as_mut()).is_none(), "bit {bit}");
        }
        bench.say(Channel::Centre, &right);
        bench.settle();
        assert_eq!(now(ask.as_mut()), Some(Ok(Answer::Done)));
        // The same once more, when nothing is asked.
        bench.say(Channel::Centre, &right);
        bench.settle();

        // The next is not answered by that to the one before, and not for ever waited for.
        late.body = Body::Reverse { stan: Stan(2), card: CardNumber::new(b"X00000019").unwrap() };
        let mut link = bench.link;
        let mut ask = pin!(link.ask(&late));
        assert!(now(ask.as_mut()).is_none());
        let asked = Asked::of(bench);
        bench.say(Channel::Centre, &right);
        bench.port.0.borrow_mut().now_ms += ANSWER_MS - 1;
        bench.settle();
        assert!(now(ask.as_mut()).is_none());
        bench.port.0.borrow_mut().now_ms += 1;
        assert_eq!(now(ask.as_mut()), Some(Err(LinkError::NoAnswer)));
        // Too late.
        bench.say(Channel::Centre, &asked.answer(&Answer::Done));
        bench.settle();

        // A centre that could not read the message says so, and that ends the wait.
        let (request, mut link) = (reversal(3), bench.link);
        let mut ask = pin!(link.ask(&request));
        assert!(now(ask.as_mut()).is_none());
        let asked = Asked::of(bench);
        bench.say(Channel::Centre, &asked.rejection());
        bench.settle();
        assert_eq!(now(ask.as_mut()), Some(Err(LinkError::Rejected(*b"A0"))));
    });
}

#[test]
fn a_request_that_cannot_be_written_is_not_sent_and_does_no_harm_to_the_next() {
    with_link(|bench| {
        bench.set_up();
        // F41 takes printable characters.
        let broken = Request { terminal: TerminalId([0; 8]), ..reversal(1) };
        let error = LinkError::Unwritable { field: 41 };
        assert_eq!(now(pin!((&mut &*bench.link).ask(&broken))), Some(Err(error)));
        assert!(error.is_unsent());
        assert!(bench.frames().is_empty());

        let (request, mut link) = (reversal(2), bench.link);
        let mut ask = pin!(link.ask(&request));
        assert!(now(ask.as_mut()).is_none());
        let asked = Asked::of(bench);
        bench.say(Channel::Centre, &asked.answer(&Answer::Done));
        bench.settle();
        assert_eq!(now(ask.as_mut()), Some(Ok(Answer::Done)));
    });
}

#[test]
fn after_any_garbage_the_next_command_is_heard() {
    with_link(|bench| {
        bench.set_up();
        let whole = {
            bench.say(Channel::Till, &Command::Status.encode());
            let frame: Vec<u8> = bench.port.0.borrow().to_link.iter().copied().collect();
            bench.events();
            frame
        };
        for cut in 0..whole.len() {
            // A frame that is cut off, and all bytes there are but the one between frames.
            bench.port.0.borrow_mut().to_link.extend(&whole[..cut]);
            bench.port.0.borrow_mut().to_link.extend(1..=u8::MAX);
            let heard = bench.told(&Command::Status);
            assert!(matches!(heard[..], [Event::State(_)]), "{cut}: {heard:?}");
        }
        // Longer than any frame.
        bench.port.0.borrow_mut().to_link.extend([0x55; 10_000]);
        assert!(matches!(bench.told(&Command::Status)[..], [Event::State(_)]));
    });
}
