//! Makes a failing plan as small as it can be: drops steps, then trouble, then waiting, as long as the same invariant breaks.

use super::invariant::Invariant;
use super::plan::Plan;

/// The most runs that it takes.
const RUNS: u32 = 600;

/// The smallest plan that was found which breaks `invariant`, and how many runs that took. `fails` plays a plan and says what it
/// breaks first.
pub fn shrink(plan: Plan, invariant: Invariant, mut fails: impl FnMut(&Plan) -> Option<Invariant>) -> (Plan, u32) {
    let mut best = plan;
    let mut runs = 0;
    let mut try_it = |candidate: Plan, best: &mut Plan| {
        runs += 1;
        let smaller = fails(&candidate) == Some(invariant);
        if smaller {
            *best = candidate;
        }
        (smaller, runs < RUNS)
    };
    // Long pieces first, then single steps.
    let mut piece = best.steps.len().div_ceil(2);
    while piece > 0 {
        let mut at = 0;
        while at < best.steps.len() {
            let mut candidate = best.clone();
            candidate.steps.drain(at..(at + piece).min(best.steps.len()));
            match try_it(candidate, &mut best) {
                (_, false) => return (best, RUNS),
                (true, _) => {}
                (false, _) => at += piece,
            }
        }
        piece /= 2;
    }
    for step in 0..best.steps.len() {
        let mut at = 0;
        while at < best.steps.get(step).map_or(0, |step| step.trouble.len()) {
            let mut candidate = best.clone();
            candidate.steps.get_mut(step).map(|step| step.trouble.remove(at));
            match try_it(candidate, &mut best) {
                (_, false) => return (best, RUNS),
                (true, _) => {}
                (false, _) => at += 1,
            }
        }
        if best.steps.get(step).is_some_and(|step| step.wait > 0) {
            let mut candidate = best.clone();
            candidate.steps.iter_mut().skip(step).take(1).for_each(|step| step.wait = 0);
            if !try_it(candidate, &mut best).1 {
                return (best, RUNS);
            }
        }
    }
    (best, runs)
}
