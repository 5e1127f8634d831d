//! By which of its keys a terminal has proved itself, and what it can be told under them by whoever decides nothing. Not here: where
//! keys are kept (`keys`).

use qiyong_protocol::centre::Answer;
use qiyong_protocol::centre::iso8583::Message;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::message::{MESSAGE_MAX, response, write_answer, write_rejection};
use qiyong_protocol::rules::reason::Reason;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// Signs in, and undoes.
    Master,
    /// All messages of a session.
    Working,
}

/// The keys of a terminal, as far as its messages have shown them. Shows none.
#[derive(Clone, Debug, Default)]
pub struct Proved {
    /// Its own.
    pub master: Option<X919>,
    /// That of its session.
    pub working: Option<X919>,
}

impl Proved {
    /// What a message under this key shows that was answered so.
    pub(crate) fn of(sort: Sort, key: &X919, answer: &Answer) -> Self {
        match (sort, answer) {
            (Sort::Working, _) => Self { master: None, working: Some(key.clone()) },
            (Sort::Master, Answer::SignedIn { session, .. }) => {
                Self { master: Some(key.clone()), working: session.key.open(key) }
            }
            (Sort::Master, _) => Self { master: Some(key.clone()), working: None },
        }
    }

    /// Whether nothing was shown.
    pub const fn is_none(&self) -> bool {
        self.master.is_none() && self.working.is_none()
    }

    /// Takes what is newer.
    pub fn learn(&mut self, newer: &Self) {
        let Self { master, working } = newer.clone();
        self.master = master.or(self.master.take());
        self.working = working.or(self.working.take());
    }

    /// The key of a message, if it is one of these.
    fn key_of(&self, message: &Message<'_>) -> Option<&X919> {
        [&self.working, &self.master].into_iter().flatten().find(|key| message.is_authentic(*key))
    }
}

/// The answer to a message that nothing was done for this reason, by whoever knows the terminal's keys; if the one of the message
/// is not among them, a rejection.
pub fn refusal(message: &[u8], keys: &Proved, reason: Reason) -> Option<Vec<u8>> {
    let message = Message::read(message).ok()?;
    let mut buffer = [0; MESSAGE_MAX];
    let answer = match keys.key_of(&message) {
        Some(key) => write_answer(&Answer::Refused(reason), &message, key, &mut buffer),
        None => {
            let key = keys.master.as_ref().or(keys.working.as_ref())?;
            write_rejection(response::MAC, &message, key, &mut buffer)
        }
    };
    answer.ok().map(<[u8]>::to_vec)
}
