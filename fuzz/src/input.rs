//! How an input is divided, where a target needs more than plain bytes: settings, commands, and the other side's
//! actions.

/// Reads an input from the front. After its end come zeros.
pub(crate) struct Input<'i>(&'i [u8]);

impl<'i> Input<'i> {
    pub(crate) const fn new(bytes: &'i [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or_default()
    }

    /// The next bytes; fewer if the input ends.
    pub(crate) fn take(&mut self, count: usize) -> &'i [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// As many bytes as the next byte says.
    pub(crate) fn counted(&mut self) -> &'i [u8] {
        let count = self.byte();
        self.take(count.into())
    }

    pub(crate) fn rest(&mut self) -> &'i [u8] {
        self.take(usize::MAX)
    }

    /// The rest of the input as the other side's actions; `endless`: they are repeated from the beginning.
    pub(crate) fn events(&mut self, endless: bool) -> Events<'i> {
        let all = self.rest();
        Events { all, input: Self(all), endless: endless && !all.is_empty() }
    }
}

/// What happens to a side while it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A character, soon.
    Character(u8),
    /// A character just before the wait ends.
    Late(u8),
    /// A character with wrong parity.
    Parity,
    /// Nothing, until the wait ends.
    Timeout,
    /// Nothing for a moment, as after a block.
    Quiet,
    /// The caller wants to end the chain.
    Abort,
    /// The caller reports characters sent, although there were none to be sent.
    OutOfTurn,
}

/// Stands before events that are no plain character (`EE 01` and so on); `EE EE` is the character EE.
pub(crate) const ESCAPE: u8 = 0xEE;

impl Event {
    const CODED: [(u8, Self); 5] =
        [(1, Self::Timeout), (2, Self::Parity), (3, Self::Quiet), (4, Self::Abort), (5, Self::OutOfTurn)];

    /// The bytes that stand for this event.
    pub(crate) fn encode(self) -> Vec<u8> {
        match self {
            Self::Character(byte) if byte == ESCAPE => vec![ESCAPE; 2],
            Self::Character(byte) => vec![byte],
            Self::Late(byte) => vec![ESCAPE, 0, byte],
            coded => {
                Self::CODED.iter().filter(|(_, event)| *event == coded).flat_map(|(code, _)| [ESCAPE, *code]).collect()
            }
        }
    }
}

/// The other side's actions; after the last, nothing happens any more.
pub(crate) struct Events<'i> {
    all: &'i [u8],
    input: Input<'i>,
    endless: bool,
}

impl Events<'_> {
    /// `None`: there are no more events.
    pub(crate) fn next(&mut self) -> Option<Event> {
        if self.input.is_empty() && self.endless {
            self.input = Input(self.all);
        }
        let [first] = *self.input.take(1) else { return None };
        if first != ESCAPE {
            return Some(Event::Character(first));
        }
        Some(match self.input.byte() {
            0 => Event::Late(self.input.byte()),
            code => Event::CODED
                .iter()
                .find(|(known, _)| *known == code)
                .map_or(Event::Character(code), |(_, event)| *event),
        })
    }
}

/// Whether `data` are some of the `characters`, in order: only received characters may be delivered.
pub(crate) fn came_in_order(data: &[u8], characters: &[u8]) -> bool {
    let mut characters = characters.iter();
    data.iter().all(|byte| characters.any(|character| character == byte))
}
