//! The link over a port in virtual time, with a till and a centre at the other end.

use core::cell::RefCell;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::collections::VecDeque;
use std::rc::Rc;
use std::string::ToString;
use std::vec::Vec;

use qiyong_protocol::card::codes::{CardNumber, IdentCode, Region};
use qiyong_protocol::card::date::Date;
use qiyong_protocol::card::keys::{Algorithm, Cryptogram};
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::iso8583::{HEADER, Message, TPDU};
use qiyong_protocol::centre::message::{response, write_answer, write_rejection};
use qiyong_protocol::centre::{Authenticate, Batch, Body, Lease, Original, Session, TerminalId, Token, WorkingKey};
use qiyong_protocol::ecr::TEST_TRANSPORT_KEY;
use qiyong_protocol::iso7816::sw::StatusWord;
use qiyong_protocol::rules::decision::Effects;
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_protocol::rules::reason::{Outcome, Reason};

use super::*;
use crate::terminal::{Cause, CauseCode, Duties};

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
struct Rig<'a> {
    link: &'a SerialLink<FakePort>,
    port: FakePort,
    listen: Pin<&'a mut dyn Future<Output = ()>>,
    /// What a sign-in brings.
    policy: Option<Policy>,
}

/// Runs `test` with a link that is listened on. Its first state has been told.
fn with_link(test: impl FnOnce(&mut Rig<'_>)) {
    with_start(2, test);
}

/// The same at the terminal's start with this number.
fn with_start(starts: u32, test: impl FnOnce(&mut Rig<'_>)) {
    let port = FakePort::default();
    let state = State {
        set_up: false,
        reversal_due: true,
        confirmation_due: false,
        parked: 0,
        visit: None,
        next_stan: Stan(5),
        starts,
        crashes: 1,
        serial: [7; 12],
        key: None,
    };
    let link = SerialLink::new(port.clone(), &TEST_TRANSPORT_KEY, state);
    let outside = port.clone();
    let listen = pin!(async {
        link.listen(|time| outside.0.borrow_mut().clock = Some(time)).await;
    });
    let mut rig = Rig { link: &link, port, listen, policy: None };
    assert_eq!(rig.events(), [Event::State(state)]);
    test(&mut rig);
}

impl Rig<'_> {
    /// Lets the link work until it waits.
    fn settle(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..3 {
            assert!(self.listen.as_mut().poll(&mut context).is_pending());
        }
    }

    /// What has come from the link since the last time.
    fn frames(&mut self) -> Vec<(Peer, Vec<u8>)> {
        self.settle();
        let mut decoder = Decoder::<FRAME_MAX>::new();
        let bytes = core::mem::take(&mut self.port.0.borrow_mut().from_link);
        let frames = bytes.into_iter().filter_map(|byte| {
            decoder.push(byte).map(|frame| frame.map(|frame| (frame.peer, frame.payload.to_vec())).unwrap())
        });
        frames.collect()
    }

    /// The events among it; there is nothing else.
    fn events(&mut self) -> Vec<Event> {
        let event = |(peer, payload): (Peer, Vec<u8>)| {
            assert_eq!(peer, Peer::Till);
            Event::decode(&payload).unwrap()
        };
        self.frames().into_iter().map(event).collect()
    }

    fn say(&mut self, peer: Peer, payload: &[u8]) {
        let mut buffer = [0; FRAME_MAX];
        let frame = encode(peer, payload, &mut buffer).unwrap();
        self.port.0.borrow_mut().to_link.extend(frame);
    }

    /// What the link tells the till when commanded this.
    fn told(&mut self, command: &Command) -> Vec<Event> {
        self.say(Peer::Till, &command.encode());
        self.events()
    }

    /// What the application is to do, if anything.
    fn job(&mut self) -> Option<Job> {
        self.settle();
        now(pin!(self.link.command()))
    }

    fn set_up(&mut self) {
        let present = Some((name(), key()));
        self.link.install(Keyring { present, former: None }, Policy::DEFAULT);
        assert_eq!(self.told(&Command::Setup(setup())), [], "the application tells");
        assert!(matches!(self.job(), Some(Job::Setup(_))));
        now(pin!(self.link.tell_state())).unwrap();
        let told = self.events();
        let [Event::State(State { set_up: true, visit: None, key: Some(check), .. })] = told[..] else {
            panic!("{told:?}")
        };
        assert_eq!(check, key().check_value());
    }

    /// Asks, and has the centre answer so.
    fn asked(&mut self, request: &Request<'_>, answer: &Answer) -> (X919, Result<Answer, LinkError>) {
        let mut link = self.link;
        let mut ask = pin!(link.ask(request));
        assert!(now(ask.as_mut()).is_none());
        let asked = Asked::of(self);
        self.say(Peer::Centre, &asked.answer(answer));
        self.settle();
        (asked.key(), now(ask.as_mut()).unwrap())
    }

    /// Signs in, and gets this key under that master key.
    fn sign_in(&mut self, master: &X919, working: &X919) -> Result<Answer, LinkError> {
        let Place { institution, terminal, .. } = setup();
        let body = Body::SignIn { token: Token([1; 8]) };
        let request = Request { institution, terminal, batch: Batch::NONE, time: TIME, body };
        let session = Session { key: WorkingKey::new(master, working), time: TIME.after(7), policy: self.policy };
        let lease = Lease { batch: Batch(1), next: Stan(1) };
        let (under, answer) = self.asked(&request, &Answer::SignedIn { lease, session });
        assert_eq!(under.expose(), key().expose());
        answer
    }

    fn state(&mut self) -> State {
        match self.told(&Command::Status)[..] {
            [Event::State(state)] => state,
            ref other => panic!("{other:?}"),
        }
    }
}

/// What a future has come to, if it need not wait.
fn now<F: Future + ?Sized>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn setup() -> Place {
    let (institution, terminal) = name();
    Place { institution, terminal, next_stan: Stan(1) }
}

fn name() -> Name {
    (InstitutionCode::new("P32010000017").unwrap(), TerminalId(*b"00000001"))
}

fn key() -> X919 {
    X919::new(*b"TEST key of link")
}

/// The key of a session.
fn working() -> X919 {
    X919::new(*b"TEST session key")
}

/// The master key of another place.
fn other() -> X919 {
    X919::new(*b"TEST other place")
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
    with_link(|rig| {
        assert_eq!(rig.told(&start(1, Operation::Query)), [Event::Refused(Refused::NotSetUp)]);
        assert!(rig.job().is_none());
        rig.say(Peer::Till, b"no command");
        assert_eq!(rig.events(), [Event::Refused(Refused::Malformed)]);
        rig.told(&Command::Time(TIME));
        assert_eq!(rig.port.0.borrow().clock, Some(TIME));
        rig.set_up();
        assert!(rig.state().set_up);
    });
}

#[test]
fn a_visit_is_served_once_however_often_it_is_started() {
    with_link(|rig| {
        rig.set_up();
        let busy = |events: &[Event]| matches!(events, [Event::State(state)] if state.visit == Some(Reference(9)));
        assert!(busy(&rig.told(&start(9, purchase()))));
        assert_eq!(rig.port.0.borrow().clock, Some(TIME));
        assert!(matches!(rig.job(), Some(Job::Serve(Operation::Purchase(_)))));
        // The answer to the start got lost, so the till says it again; another till's comes in between.
        assert!(busy(&rig.told(&start(9, purchase()))));
        assert_eq!(rig.told(&start(10, purchase())), [Event::Refused(Refused::Busy)]);
        assert_eq!(rig.told(&Command::Setup(setup())), [Event::Refused(Refused::Busy)]);
        assert!(rig.job().is_none());

        rig.link.note(Stan(6), Duties::default());
        now(pin!(rig.link.tell_end(&report(5)))).unwrap();
        let told = rig.events();
        let [Event::Ended(ended)] = told[..] else { panic!("{told:?}") };
        assert_eq!((ended.reference, ended.stan, ended.balance), (Reference(9), Some(Stan(5)), Some(Fen(900))));
        assert_eq!(ended.cause, None);
        // The end got lost.
        assert_eq!(rig.told(&start(9, purchase())), told);
        assert!(rig.job().is_none());
        let state = rig.state();
        assert_eq!((state.visit, state.next_stan, state.reversal_due), (None, Stan(6), false));

        // What such a place does not offer. The visit before keeps its end.
        assert_eq!(rig.told(&start(10, Operation::Apply { document: None })), [Event::Refused(Refused::NotHere)]);
        assert_eq!(rig.told(&start(9, purchase())), told);
        assert!(matches!(rig.told(&start(11, Operation::Query))[..], [Event::State(_)]));
        assert!(matches!(rig.job(), Some(Job::Serve(Operation::Query))));
    });
}

/// Both may come before the application is polled: after a page was erased, or when the terminal has just started.
#[test]
fn a_start_right_behind_a_setup_does_not_take_its_place() {
    with_link(|rig| {
        rig.link.install(Keyring { present: Some((name(), key())), former: None }, Policy::DEFAULT);
        for command in [Command::Setup(setup()), start(1, purchase())] {
            let mut line = [0; encoded_len(ECR_MAX)];
            let frame = encode(Peer::Till, &command.encode(), &mut line).unwrap();
            rig.port.0.borrow_mut().to_link.extend(frame);
        }
        assert_eq!(rig.events(), [Event::Refused(Refused::Busy)]);
        assert!(matches!(rig.job(), Some(Job::Setup(_))));
        // Once that has been taken note of, a visit can begin.
        rig.told(&start(1, purchase()));
        assert!(matches!(rig.job(), Some(Job::Serve(_))));
    });
}

#[test]
fn the_till_is_told_what_was_wrong_with_a_card() {
    with_link(|rig| {
        rig.set_up();
        rig.told(&start(9, purchase()));
        let code = CauseCode::from(Cause::Status { ins: 0xA4, sw: StatusWord(0x6A82) });
        let (outcome, reason) = (Outcome::Failed, Some(Reason::CardUnreadable));
        now(pin!(rig.link.tell_end(&Report { outcome, reason, cause: Some(code), ..report(5) }))).unwrap();
        let told = rig.events();
        let [Event::Ended(Ended { reason: Some(Reason::CardUnreadable), cause: Some(cause), .. })] = told[..] else {
            panic!("{told:?}")
        };
        assert_eq!(CauseCode(cause).to_string(), "the card answered INS A4 with 6A82 (file not found)");
    });
}

#[test]
fn a_cancel_cancels_the_visit_under_way_and_no_other() {
    with_link(|rig| {
        rig.set_up();
        rig.told(&Command::Cancel);
        rig.told(&start(1, Operation::Query));
        rig.job();
        assert!(now(pin!(rig.link.cancelled())).is_none(), "pressed too early");
        rig.told(&Command::Cancel);
        assert!(now(pin!(rig.link.cancelled())).is_some());
        assert!(now(pin!(rig.link.cancelled())).is_none(), "once");
        // Pressed when nothing waited for it any more.
        rig.told(&Command::Cancel);
        now(pin!(rig.link.tell_end(&report(1)))).unwrap();
        rig.told(&start(2, Operation::Query));
        rig.job();
        assert!(now(pin!(rig.link.cancelled())).is_none());
    });
}

/// A request, and the centre's message that answers it by `answer`.
struct Asked {
    request: Vec<u8>,
}

impl Asked {
    /// The one request that the link has sent.
    fn of(rig: &mut Rig<'_>) -> Self {
        let frames = rig.frames();
        let [(Peer::Centre, request)] = &frames[..] else { panic!("{frames:?}") };
        Self { request: request.clone() }
    }

    /// Under which of these keys it is.
    fn key(&self) -> X919 {
        let message = Message::read(&self.request).unwrap();
        [key(), working(), other()].into_iter().find(|key| message.is_authentic(key)).unwrap()
    }

    fn answer(&self, answer: &Answer) -> Vec<u8> {
        let message = Message::read(&self.request).unwrap();
        let mut buffer = [0; MESSAGE_MAX];
        write_answer(answer, &message, &self.key(), &mut buffer).unwrap().to_vec()
    }

    fn rejection(&self) -> Vec<u8> {
        let mut buffer = [0; MESSAGE_MAX];
        let message = Message::read(&self.request).unwrap();
        write_rejection(response::MAC, &message, &key(), &mut buffer).unwrap().to_vec()
    }
}

fn original() -> Original {
    Original { card: CardNumber::new(b"X00000019").unwrap(), total: Fen(3_580), time: TIME }
}

fn reversal(stan: u32) -> Request<'static> {
    let Place { institution, terminal, .. } = setup();
    let body = Body::Reverse { stan: Stan(stan), original: original() };
    Request { institution, terminal, batch: Batch(1), time: TIME, body }
}

#[test]
fn an_answer_is_the_one_to_what_was_asked_whole_and_in_time() {
    with_link(|rig| {
        assert_eq!(now(pin!((&mut &*rig.link).ask(&reversal(1)))), Some(Err(LinkError::NotSetUp)), "no key yet");
        assert!(rig.frames().is_empty());
        rig.set_up();
        let mut link = rig.link;

        let (request, mut late) = (reversal(1), reversal(1));
        let mut ask = pin!(link.ask(&request));
        assert!(now(ask.as_mut()).is_none());
        let asked = Asked::of(rig);
        let right = asked.answer(&Answer::Done);
        // Damaged in any bit that the MAC or the length sees (it does not see TPDU and header), it is no answer, and does no
        // harm to the right one behind it.
        for bit in (0..2 * 8).chain((2 + TPDU.len() + HEADER.len()) * 8..right.len() * 8) {
            let mut bent = right.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            rig.say(Peer::Centre, &bent);
            rig.settle();
            assert!(now(ask.as_mut()).is_none(), "bit {bit}");
        }
        rig.say(Peer::Centre, &right);
        rig.settle();
        assert_eq!(now(ask.as_mut()), Some(Ok(Answer::Done)));
        // The same once more, when nothing is asked.
        rig.say(Peer::Centre, &right);
        rig.settle();

        // The next is not answered by that to the one before, and not for ever waited for.
        late.body = Body::Reverse { stan: Stan(2), original: original() };
        let mut link = rig.link;
        let mut ask = pin!(link.ask(&late));
        assert!(now(ask.as_mut()).is_none());
        let asked = Asked::of(rig);
        rig.say(Peer::Centre, &right);
        rig.port.0.borrow_mut().now_ms += 60_000 - 1;
        rig.settle();
        assert!(now(ask.as_mut()).is_none());
        rig.port.0.borrow_mut().now_ms += 1;
        assert_eq!(now(ask.as_mut()), Some(Err(LinkError::NoAnswer)));
        // Too late.
        rig.say(Peer::Centre, &asked.answer(&Answer::Done));
        rig.settle();

        // A centre that could not read the message says so, and that ends the wait.
        let (request, mut link) = (reversal(3), rig.link);
        let mut ask = pin!(link.ask(&request));
        assert!(now(ask.as_mut()).is_none());
        let asked = Asked::of(rig);
        rig.say(Peer::Centre, &asked.rejection());
        rig.settle();
        assert_eq!(now(ask.as_mut()), Some(Err(LinkError::Rejected(*b"A0"))));
    });
}

/// A request under way.
type Asking<'a> = Pin<&'a mut dyn Future<Output = Result<Answer, LinkError>>>;

/// docs/card.md §5.5: the power was cut while the terminal waited. The line still has the answer, and the terminal asks for the
/// same at the same time by its clock, which nobody has set anew.
#[test]
fn an_answer_from_before_a_restart_is_not_taken() {
    let request = pin_changed();
    let ask_and = |starts, then: &mut dyn FnMut(&mut Rig<'_>, Asking<'_>)| {
        with_start(starts, |rig| {
            rig.set_up();
            assert!(rig.sign_in(&key(), &working()).is_ok());
            let mut link = rig.link;
            let mut ask = pin!(link.ask(&request));
            assert!(now(ask.as_mut()).is_none());
            then(rig, ask);
        });
    };
    let mut late = Vec::new();
    ask_and(7, &mut |rig, _| late = Asked::of(rig).answer(&Answer::Done));
    ask_and(8, &mut |rig, mut ask| {
        let asked = Asked::of(rig);
        rig.say(Peer::Centre, &late);
        rig.settle();
        assert!(now(ask.as_mut()).is_none());
        rig.say(Peer::Centre, &asked.answer(&Answer::Done));
        rig.settle();
        assert_eq!(now(ask.as_mut()), Some(Ok(Answer::Done)));
    });
}

fn region() -> Region {
    Region::new("320100").unwrap()
}

#[test]
fn a_request_that_cannot_be_written_is_not_sent_and_does_no_harm_to_the_next() {
    with_link(|rig| {
        rig.set_up();
        // F41 takes printable characters.
        let broken = Request { terminal: TerminalId([0; 8]), ..reversal(1) };
        let error = LinkError::Unwritable { field: 41 };
        assert_eq!(now(pin!((&mut &*rig.link).ask(&broken))), Some(Err(error)));
        assert!(error.is_unsent());
        assert!(rig.frames().is_empty());

        let (request, mut link) = (reversal(2), rig.link);
        let mut ask = pin!(link.ask(&request));
        assert!(now(ask.as_mut()).is_none());
        let asked = Asked::of(rig);
        rig.say(Peer::Centre, &asked.answer(&Answer::Done));
        rig.settle();
        assert_eq!(now(ask.as_mut()), Some(Ok(Answer::Done)));
    });
}

#[test]
fn after_any_garbage_the_next_command_is_heard() {
    with_link(|rig| {
        rig.set_up();
        let whole = {
            rig.say(Peer::Till, &Command::Status.encode());
            let frame: Vec<u8> = rig.port.0.borrow().to_link.iter().copied().collect();
            rig.events();
            frame
        };
        for cut in 0..whole.len() {
            // A frame that is cut off, and all bytes there are but the one between frames.
            rig.port.0.borrow_mut().to_link.extend(&whole[..cut]);
            rig.port.0.borrow_mut().to_link.extend(1..=u8::MAX);
            let heard = rig.told(&Command::Status);
            assert!(matches!(heard[..], [Event::State(_)]), "{cut}: {heard:?}");
        }
        // Longer than any frame.
        rig.port.0.borrow_mut().to_link.extend([0x55; 10_000]);
        assert!(matches!(rig.told(&Command::Status)[..], [Event::State(_)]));
    });
}

/// docs/card.md §5.3: what is under which key, and what a sign-in brings.
#[test]
fn a_session_has_a_key_of_its_own_and_begins_with_the_right_time() {
    with_link(|rig| {
        rig.set_up();
        let changed = pin_changed();
        assert_eq!(now(pin!((&mut &*rig.link).ask(&changed))), Some(Err(LinkError::NotSignedIn)));
        assert!(LinkError::NotSignedIn.is_unsent() && rig.frames().is_empty());
        // What is owed needs no session.
        let (under, answer) = rig.asked(&reversal(1), &Answer::Done);
        assert_eq!((under.expose(), answer), (key().expose(), Ok(Answer::Done)));

        // A key that does not fit its check value begins none.
        assert_eq!(rig.sign_in(&other(), &working()), Err(LinkError::WorkingKey));
        assert_eq!(now(pin!((&mut &*rig.link).ask(&changed))), Some(Err(LinkError::NotSignedIn)));
        assert_eq!(rig.port.0.borrow().clock, None);

        assert!(rig.sign_in(&key(), &working()).is_ok());
        assert_eq!(rig.port.0.borrow().clock, Some(TIME.after(7)));
        let (under, answer) = rig.asked(&changed, &Answer::Done);
        assert_eq!((under.expose(), answer), (working().expose(), Ok(Answer::Done)));

        // Another set-up ends it.
        rig.set_up();
        assert_eq!(now(pin!((&mut &*rig.link).ask(&changed))), Some(Err(LinkError::NotSignedIn)));
    });
}

/// docs/centre.md §18: the terminal is moved while a reversal is due.
#[test]
fn what_is_owed_under_the_old_name_goes_under_the_old_key_until_it_is_paid() {
    with_link(|rig| {
        let moved = (name().0, TerminalId(*b"00000002"));
        let (present, former) = (Some((moved, other())), Some((name(), key())));
        rig.link.install(Keyring { present, former }, Policy::DEFAULT);
        let key_of_reversal = |rig: &mut Rig<'_>| *rig.asked(&reversal(1), &Answer::Done).0.expose();
        // Whatever it is that is owed.
        let duties = [
            Duties { reversal: true, ..Duties::default() },
            Duties { confirmation: true, ..Duties::default() },
            Duties { parked: 1, ..Duties::default() },
        ];
        for duties in duties {
            rig.link.note(Stan(5), duties);
            assert_eq!(key_of_reversal(rig), *key().expose());
        }
        // A name of which nothing is known is tried with the key of the present one.
        let nobody = Request { terminal: TerminalId(*b"00000009"), ..reversal(1) };
        assert_eq!(rig.asked(&nobody, &Answer::Done).0.expose(), other().expose());
        // Paid: the old key is forgotten.
        rig.link.note(Stan(5), Duties::default());
        assert_eq!(key_of_reversal(rig), *other().expose());
    });
}

/// A till says where the terminal stands, and no more: the terminal stands there only if it has the key.
#[test]
fn a_place_needs_its_key_and_a_key_is_the_applications() {
    with_link(|rig| {
        let load = KeyLoad::seal(name().0, name().1, &key(), &TEST_TRANSPORT_KEY);
        assert_eq!(rig.told(&Command::Setup(setup())), [Event::Refused(Refused::NoKey)]);
        assert_eq!(rig.told(&Command::LoadKey(load.clone())), [], "the application tells");
        // Neither a place nor another key comes before that.
        assert_eq!(rig.told(&Command::LoadKey(load.clone())), [Event::Refused(Refused::Busy)]);
        assert!(matches!(rig.job(), Some(Job::LoadKey(job)) if job == load));
        rig.set_up();
        let elsewhere = Place { terminal: TerminalId(*b"00000002"), ..setup() };
        assert_eq!(rig.told(&Command::Setup(elsewhere)), [Event::Refused(Refused::NoKey)]);
        assert!(rig.job().is_none());
        // The till means another place: nothing is sold at this one.
        assert_eq!(rig.told(&start(9, purchase())), [Event::Refused(Refused::NotSetUp)]);
        rig.set_up();
        assert!(matches!(rig.told(&start(9, purchase()))[..], [Event::State(_)]));
        assert!(matches!(rig.job(), Some(Job::Serve(_))));
        for command in [Command::Setup(setup()), Command::LoadKey(load)] {
            assert_eq!(rig.told(&command), [Event::Refused(Refused::Busy)]);
        }
    });
}

#[test]
fn a_terminal_that_must_not_work_refuses_what_is_the_applications_and_no_visit_begins() {
    with_link(|rig| {
        rig.set_up();
        let link = rig.link;
        let mut refuses = pin!(link.refuse(Refused::NoRandom));
        let load = KeyLoad::seal(name().0, name().1, &key(), &TEST_TRANSPORT_KEY);
        for command in [Command::LoadKey(load), start(9, purchase()), start(9, purchase()), Command::Setup(setup())] {
            assert!(now(refuses.as_mut()).is_none());
            // A start is heard at once.
            let heard = rig.told(&command);
            assert!(matches!(heard[..], [] | [Event::State(State { visit: Some(Reference(9)), .. })]), "{heard:?}");
            assert!(now(refuses.as_mut()).is_none());
            assert_eq!(rig.events(), [Event::Refused(Refused::NoRandom)]);
        }
        assert_eq!(rig.state().visit, None);
    });
}

/// docs/centre.md §18: an area says how long an answer is awaited.
#[test]
fn a_sign_in_says_how_long_an_answer_is_awaited() {
    with_link(|rig| {
        rig.set_up();
        let waits = |rig: &mut Rig<'_>| {
            let request = reversal(1);
            let mut link = rig.link;
            let mut ask = pin!(link.ask(&request));
            assert!(now(ask.as_mut()).is_none());
            rig.frames();
            let seconds = (1..200_u32).find(|_| {
                rig.port.0.borrow_mut().now_ms += 1_000;
                now(ask.as_mut()).is_some()
            });
            seconds.unwrap()
        };
        assert_eq!(waits(rig), 60);
        for (policy, seconds) in [(Some(Policy { wait: 17, ..Policy::DEFAULT }), 17), (None, 60)] {
            rig.policy = policy;
            assert!(rig.sign_in(&key(), &working()).is_ok());
            assert_eq!(waits(rig), seconds);
        }
        let keyring = Keyring { present: Some((name(), key())), former: None };
        rig.link.install(keyring, Policy { wait: 9, ..Policy::DEFAULT });
        assert_eq!(waits(rig), 9);
    });
}

/// An answer that somebody recorded about another challenge, of the same card at the same second under the same number, does not
/// make a card genuine.
#[test]
fn no_recorded_answer_makes_a_forged_card_genuine() {
    let Place { institution, terminal, .. } = setup();
    let question = |internal| Authenticate {
        ident: IdentCode::from_parts(region(), [1; 4], [2; 4]),
        historical: &[],
        algorithm: Algorithm::Sm4,
        internal,
        external: None,
    };
    let request = |internal| {
        let body = Body::Authenticate(question(internal));
        Request { institution, terminal, batch: Batch(1), time: TIME, body }
    };
    let genuine = Answer::Authenticated { internal: Cryptogram([9; 8]), external: None };
    let recorded = core::cell::RefCell::new(Vec::new());
    for internal in [[1; 16], [2; 16]] {
        with_link(|rig| {
            rig.set_up();
            assert!(rig.sign_in(&key(), &working()).is_ok());
            let (asked, mut link) = (request(internal), rig.link);
            let mut ask = pin!(link.ask(&asked));
            assert!(now(ask.as_mut()).is_none());
            let asked = Asked::of(rig);
            let before = recorded.replace(asked.answer(&genuine));
            rig.say(Peer::Centre, &before);
            rig.settle();
            assert!(now(ask.as_mut()).is_none());
            rig.say(Peer::Centre, &recorded.borrow());
            rig.settle();
            assert_eq!(now(ask.as_mut()), Some(Ok(genuine.clone())));
        });
    }
}

fn pin_changed() -> Request<'static> {
    let Place { institution, terminal, .. } = setup();
    let body = Body::PinChanged { card: original().card, ident: IdentCode::from_parts(region(), [1; 4], [2; 4]) };
    Request { institution, terminal, batch: Batch(1), time: TIME, body }
}
