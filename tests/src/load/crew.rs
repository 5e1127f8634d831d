//! Many terminals at a time.

use std::thread;

use super::carrier::Carrier;
use super::diary::Diary;
use super::dice::Dice;
use super::setting::Setting;
use super::terminal::{Habits, Terminal};
use super::watch::Watch;

/// A load.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// What is left to chance comes out the same for the same one.
    pub seed: u64,
    /// How many each terminal serves; `None`: until it is ended.
    pub visits: Option<u64>,
    /// What else they do.
    pub habits: Habits,
}

impl Load {
    /// Lets all terminals work at a time, each on a line of its own, while `meanwhile` is carried out; then waits until all have
    /// ended. Their notes, in the order of the stands, and what that returned.
    ///
    /// # Panics
    /// If a terminal does.
    pub fn run<C: Carrier + Send, R>(
        self,
        setting: &Setting,
        watch: &Watch,
        line: impl Fn(usize) -> C,
        meanwhile: impl FnOnce() -> R,
    ) -> (Vec<Diary>, R) {
        /// If anything panics, the terminals are not to work for ever.
        struct Ends<'w>(&'w Watch);
        impl Drop for Ends<'_> {
            fn drop(&mut self) {
                if thread::panicking() {
                    self.0.end();
                }
            }
        }
        thread::scope(|scope| {
            let terminals = setting.stands.iter().enumerate().map(|(at, stand)| {
                let terminal = Terminal::new(stand, line(at), Dice::new(self.seed, at as u64), self.habits, watch);
                scope.spawn(move || {
                    let _ends = Ends(watch);
                    terminal.work(self.visits)
                })
            });
            let terminals: Vec<_> = terminals.collect();
            let ends = Ends(watch);
            let result = meanwhile();
            drop(ends);
            let diaries = terminals.into_iter().map(|terminal| terminal.join().expect("a terminal ends")).collect();
            (diaries, result)
        })
    }

    /// Lets one terminal work after the other, so that everything comes out the same.
    pub fn run_in_turn<C: Carrier>(self, setting: &Setting, line: impl Fn(usize) -> C) -> Vec<Diary> {
        let watch = Watch::default();
        let work = |(at, stand)| {
            let dice = Dice::new(self.seed, at as u64);
            Terminal::new(stand, line(at), dice, self.habits, &watch).work(self.visits)
        };
        setting.stands.iter().enumerate().map(work).collect()
    }
}
