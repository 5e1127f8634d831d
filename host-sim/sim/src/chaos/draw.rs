//! Draws a plan from a seed: who visits where and what for, and what goes wrong. Two steps of three meet trouble, and some
//! meet two or three kinds at once.
//!
//! What the words of trouble mean is in [`super::plan`].

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use super::plan::{Asks, Fate, Plan, Step, Trouble};
use crate::line::PullDuring;
use crate::serial::wire::ByteFault;
use crate::world::direct::Level;
use crate::world::visit::{CancelAt, LinkTrouble};

/// How large a world is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Terminals.
    pub terminals: u32,
    /// Cards.
    pub cards: u32,
    /// Steps.
    pub steps: u32,
    /// At which level terminals speak to cards. What would go wrong on the line is drawn all the same, and comes to nothing.
    pub level: Level,
}

impl Default for Size {
    fn default() -> Self {
        Self { terminals: 3, cards: 3, steps: 12, level: Level::Line }
    }
}

/// How many minutes pass before a step: mostly few, sometimes a night, and sometimes more than the three days after which a
/// centre undoes what nobody has confirmed.
const WAITS: [u64; 8] = [0, 0, 1, 5, 60, 600, 1_500, 5_000];

/// Moments of a visit: a cut is drawn from so many; in a visit with fewer it never comes.
const MOMENTS: u64 = 2_600;
/// What goes wrong with a character, if T=0 can notice it. What parity does not see, and a character that comes twice, may cost
/// the holder a try in T=0, which has no check sum; no terminal can prevent that.
const NOTICED: [&str; 5] = ["flipped", "lost", "silent", "short-circuit", "pulled"];
/// Characters of a visit on the card line.
const CHARACTERS: u64 = 700;
/// Bytes of a visit on the serial line, in either direction.
const BYTES: u64 = 900;
/// Statements with which a centre acts on a message.
const STATEMENTS: u64 = 32;
/// Bytes that a visit writes into the flash: a record has more than a hundred, and a page is erased now and then.
const WRITTEN: u64 = 400;

/// The seed of the world with this number of a run.
pub fn seed_of(run: u64, world: u64) -> u64 {
    let mut random = ChaCha8Rng::seed_from_u64(run);
    random.set_stream(world);
    // The plan's file keeps it as a number of TOML, which has a sign.
    random.next_u64() >> 1
}

/// The plan of this seed.
pub fn plan(seed: u64, size: Size) -> Plan {
    let Size { terminals, cards, steps, level } = size;
    let mut dice = Dice(ChaCha8Rng::seed_from_u64(seed));
    let mut steps: Vec<_> = (1..=steps).map(|id| step(id, size, &mut dice)).collect();
    partition(&mut steps, &mut dice);
    Plan { seed, terminals, cards, level, steps }
}

/// A source of chance with the few questions that a plan asks of it.
struct Dice(ChaCha8Rng);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0.next_u64() % bound.max(1)
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        let at = self.below(list.len() as u64);
        list.get(at as usize)
    }

    fn word<T>(&mut self, words: &[(&'static str, T)]) -> String {
        self.pick(words).map(|(word, _)| (*word).to_string()).unwrap_or_default()
    }
}

/// In one world of three, some terminals do not reach the centre for a while.
fn partition(steps: &mut [Step], dice: &mut Dice) {
    let (is_drawn, first, long, cut_off) = (dice.below(3) == 0, dice.below(10), 2 + dice.below(5), 1 + dice.below(7));
    let during = steps.iter_mut().skip(first as usize).take(long as usize);
    for step in during.filter(|step| is_drawn && cut_off >> (step.terminal % 3) & 1 == 1) {
        step.trouble.push(Trouble::Partition);
    }
}

fn step(id: u32, size: Size, dice: &mut Dice) -> Step {
    let asks = match dice.below(10) {
        0 => Asks::Query,
        1 => Asks::WrongDocument,
        _ => Asks::Use,
    };
    let troubles = [0, 0, 1, 1, 2, 3];
    let troubles = dice.pick(&troubles).copied().unwrap_or_default();
    let (wait, terminal) =
        (dice.pick(&WAITS).copied().unwrap_or_default(), dice.below(u64::from(size.terminals)) as u32);
    Step {
        id,
        wait,
        terminal,
        card: dice.below(u64::from(size.cards)) as u32,
        asks,
        fen: 1 + dice.below(20_000),
        trouble: (0..troubles).map(|_| trouble(terminal, size, dice)).collect(),
    }
}

fn trouble(here: u32, size: Size, dice: &mut Dice) -> Trouble {
    const FATES: [Fate; 5] = [Fate::Lost, Fate::Unanswered, Fate::Damaged, Fate::Late, Fate::Twice];
    match dice.below(28) {
        0..=2 => Trouble::Link { kind: dice.word(&LinkTrouble::WORDS) },
        3..=6 => {
            Trouble::Message { number: dice.below(7) as usize, fate: dice.pick(&FATES).copied().unwrap_or(Fate::Lost) }
        }
        7 | 8 => {
            let to_till = dice.below(2) == 0;
            Trouble::Byte { to_till, at: dice.below(BYTES), fault: dice.word(&ByteFault::WORDS) }
        }
        9 | 10 => Trouble::Character {
            at: dice.below(CHARACTERS),
            fault: dice.pick(&NOTICED).copied().unwrap_or_default().to_string(),
        },
        11 => Trouble::Noise { one_in: 40 + dice.below(400) as u32 },
        12 => Trouble::Pull { during: dice.word(&PullDuring::WORDS) },
        13 => Trouble::Cancel { at: dice.word(&CancelAt::WORDS) },
        14 => Trouble::WrongPin,
        15 => Trouble::Clock { ahead: dice.below(600) as i64 - 300 },
        16 => Trouble::Clock { ahead: 60 * (dice.below(120) as i64 - 60) },
        17 => Trouble::Worn,
        18 | 19 => Trouble::PowerAtMoment { moment: dice.below(MOMENTS) },
        20 | 21 => Trouble::PowerAtByte { byte: dice.below(WRITTEN) },
        22 | 23 => Trouble::CentreKilled { number: dice.below(7) as usize, statement: dice.below(STATEMENTS) as u32 },
        24 | 25 if size.terminals > 1 => {
            let others = u64::from(size.terminals) - 1;
            let terminal = (u64::from(here) + 1 + dice.below(others)) % u64::from(size.terminals);
            let (number, card) = (dice.below(7) as usize, dice.below(u64::from(size.cards)) as u32);
            Trouble::Meanwhile { number, terminal: terminal as u32, card }
        }
        _ => Trouble::TillKilled { moment: dice.below(MOMENTS) },
    }
}
