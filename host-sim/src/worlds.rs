//! Many worlds of [`qiyong_sim::chaos`], each around a centre of its own in this process, on all cores.
//!
//! Printing is the verb's.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{available_parallelism, scope};

use sha2::{Digest, Sha256};

use qiyong_centre::CentreError;

use qiyong_sim::chaos::draw::{Size, plan, seed_of};
use qiyong_sim::chaos::figures::Figures;
use qiyong_sim::chaos::invariant::{Broken, Invariant};
use qiyong_sim::chaos::plan::Plan;
use qiyong_sim::chaos::play::{Played, play};
use qiyong_sim::chaos::player::Nobody;
use qiyong_sim::chaos::shrink::shrink;

use crate::in_process::InProcess;

/// A run of many worlds.
#[derive(Clone, Copy, Debug)]
pub struct Many {
    /// What the worlds' seeds come from.
    pub seed: u64,
    /// The number of the first world; the first of all is 0.
    pub from: u64,
    /// How many worlds.
    pub worlds: u64,
    /// How large each is.
    pub size: Size,
    /// How many at once; `None`: as many as there are cores.
    pub threads: Option<usize>,
}

/// A world in which an invariant broke.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its number, from 0.
    pub world: u64,
    /// Its plan.
    pub plan: Plan,
    /// What broke.
    pub broken: Broken,
}

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// What was counted in all worlds.
    pub figures: Figures,
    /// The hash of the worlds' hashes, in the order of their numbers.
    pub hash: [u8; 32],
    /// The worlds in which something broke, in the order of their numbers.
    pub failures: Vec<Failure>,
}

/// Plays a plan around a new centre.
///
/// # Errors
/// SQLite cannot make a database in memory.
pub fn play_plan(plan: &Plan, keeps_film: bool) -> Result<Played, CentreError> {
    Ok(play(plan, InProcess::lent()?, &mut Nobody, keeps_film))
}

/// Plays many worlds; `progress` hears of each that is over.
///
/// # Errors
/// Those of [`play_plan`].
pub fn play_many(many: Many, progress: impl Fn() + Sync) -> Result<Run, CentreError> {
    let next = AtomicU64::new(many.from);
    let all = Mutex::new((Figures::default(), Vec::new(), Vec::new(), None));
    let work = || {
        loop {
            let world = next.fetch_add(1, Ordering::Relaxed);
            if world >= many.from.saturating_add(many.worlds) {
                return;
            }
            let plan = plan(seed_of(many.seed, world), many.size);
            let played = play_plan(&plan, false);
            progress();
            let Ok(mut all) = all.lock() else { return };
            let (figures, hashes, failures, error) = &mut *all;
            match played {
                Ok(played) => {
                    figures.add(&played.figures);
                    hashes.push((world, played.hash));
                    failures.extend(played.broken.map(|broken| Failure { world, plan, broken }));
                }
                Err(why) => {
                    *error = Some(why);
                    return;
                }
            }
        }
    };
    scope(|scope| {
        let threads = many.threads.unwrap_or_else(|| available_parallelism().map_or(1, usize::from));
        (0..threads).for_each(|_| drop(scope.spawn(work)));
    });
    let (figures, mut hashes, mut failures, error) = all.into_inner().unwrap_or_default();
    if let Some(error) = error {
        return Err(error);
    }
    hashes.sort_unstable();
    failures.sort_by_key(|failure| failure.world);
    let mut hash = Sha256::new();
    hashes.iter().for_each(|(_, world)| hash.update(world));
    Ok(Run { figures, hash: hash.finalize().into(), failures })
}

/// The smallest plan that breaks the same invariant, and after how many runs it was found.
pub fn smallest(plan: Plan, invariant: Invariant) -> (Plan, u32) {
    let fails = |plan: &Plan| play_plan(plan, false).ok()?.broken.map(|broken| broken.invariant);
    shrink(plan, invariant, fails)
}
