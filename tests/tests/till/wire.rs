//! What stands in the line between a till and a board: it passes on frame after frame, up to one at which something happens.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use qiyong_protocol::centre::iso8583::{Message, Mti};
use qiyong_protocol::ecr::{Command, Event};
use qiyong_protocol::frame::{Decoder, Frame, Peer};

/// A frame of a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passing {
    /// The till's command.
    Start,
    /// The terminal has taken it.
    Taken,
    /// A message for the centre, or the answer to one, by its type: the first of its type is 1.
    Message(u16, usize),
    /// How it ended.
    Ended,
}

/// What is to happen, and at which frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) at: Passing,
    /// The frame still arrives.
    pub(super) arrives: bool,
}

/// A moment that is to come: whom to tell of it, and who says when the line may end.
struct Armed {
    moment: Moment,
    happened: Sender<()>,
    go_on: Receiver<()>,
}

/// The line.
pub(super) struct Wire {
    /// Where tills find it.
    pub(super) address: String,
    armed: Arc<Mutex<Option<Armed>>>,
}

impl Wire {
    /// The line to this board.
    pub(super) fn new(board: &str) -> Self {
        let board: SocketAddr = board.trim_start_matches("tcp://").parse().expect("an address");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("tcp://{}", listener.local_addr().expect("an address"));
        let armed = Arc::<Mutex<Option<Armed>>>::default();
        let own = armed.clone();
        // It ends with the tests' program. One till after the other: the board's end is closed before the next one comes.
        thread::spawn(move || {
            for till in listener.incoming().map_while(Result::ok) {
                let Ok(board) = TcpStream::connect(board) else { return };
                let both = [(&till, &board, true), (&board, &till, false)].map(|(from, to, commands)| {
                    let ends = (from.try_clone().expect("a stream"), to.try_clone().expect("a stream"));
                    let own = own.clone();
                    thread::spawn(move || pass(ends, commands, &own))
                });
                for way in both {
                    way.join().expect("it ends");
                }
            }
        });
        Self { address, armed }
    }

    /// It happens there next. The first of what is returned says when; the line is cut when the second is dropped.
    pub(super) fn at(&self, moment: Moment) -> (Receiver<()>, Sender<()>) {
        let ((happened, happens), (goes_on, go_on)) = (channel(), channel());
        *self.armed.lock().expect("whole") = Some(Armed { moment, happened, go_on });
        (happens, goes_on)
    }
}

/// Passes on what one end says to the other, commands or events, until the moment or the end; then the line is cut.
fn pass((mut from, mut to): (TcpStream, TcpStream), commands: bool, armed: &Mutex<Option<Armed>>) {
    let mut decoder = Decoder::<2048>::new();
    let (mut frame, mut byte) = (Vec::new(), [0]);
    while from.read_exact(&mut byte).is_ok() {
        frame.extend(byte);
        let passing = match decoder.push(byte[0]) {
            None => continue,
            Some(Ok(frame)) => what(&frame, commands),
            Some(Err(_)) => None,
        };
        let here = passing.and_then(|passing| armed.lock().expect("whole").take_if(|armed| is_it(armed, passing)));
        if here.as_ref().is_none_or(|armed| armed.moment.arrives) && to.write_all(&frame).is_err() {
            break;
        }
        frame.clear();
        if let Some(Armed { happened, go_on, .. }) = here {
            // Whoever does not wait for it need not be told.
            let _ = happened.send(());
            let _ = go_on.recv();
            break;
        }
    }
    for end in [from, to] {
        // It may have gone by itself.
        let _ = end.shutdown(Shutdown::Both);
    }
}

/// Whether this is the frame; one of its type before it is counted.
fn is_it(armed: &mut Armed, passing: Passing) -> bool {
    match (&mut armed.moment.at, passing) {
        (Passing::Message(wanted, number), Passing::Message(mti, _)) if *wanted == mti => {
            *number -= 1;
            *number == 0
        }
        (Passing::Message(..), _) => false,
        (wanted, passing) => *wanted == passing,
    }
}

fn what(frame: &Frame<'_>, commands: bool) -> Option<Passing> {
    if frame.peer == Peer::Centre {
        let Mti(mti) = Message::read(frame.payload).ok()?.mti();
        return Some(Passing::Message(mti, 0));
    }
    if commands {
        let is_start = matches!(Command::decode(frame.payload), Some(Command::Start { .. }));
        return is_start.then_some(Passing::Start);
    }
    match Event::decode(frame.payload)? {
        Event::State(state) if state.visit.is_some() => Some(Passing::Taken),
        Event::Ended(_) => Some(Passing::Ended),
        _ => None,
    }
}
