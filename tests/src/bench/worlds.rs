//! How long a first use takes in a world of `qiyong chaos` in which nothing goes wrong: terminal, card, line, centre and auditor, in
//! one thread.

use qiyong::worlds::play_plan;
use qiyong_sim::chaos::draw::{Size, plan};
use qiyong_sim::world::direct::Level;

use super::{Effort, Row, time};

/// Cards that are put into use in a world, each by a visit of its own.
const CARDS: u32 = 20;

pub(super) fn rows(effort: Effort) -> Vec<Row> {
    let measure = |name, level| {
        let plan = plan(1, Size { terminals: 3, cards: CARDS, steps: 0, level });
        let world = time::ns(effort, || {
            let played = play_plan(&plan, false).expect("a database in memory");
            assert_eq!((played.broken, played.figures.activations), (None, CARDS.into()));
        });
        Row::ns(name, world / f64::from(CARDS))
    };
    const LINE: &str = "a first use in a world, over the card line";
    vec![
        measure(LINE, Level::Line),
        measure("a first use in a world, without the card line", Level::Apdu).compared_with(LINE),
    ]
}
