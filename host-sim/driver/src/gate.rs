//! One caller at a time: others wait, and not for ever. A caller that panics leaves a new value to the next.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// A value that one thread has at a time.
pub(crate) struct Gate<T> {
    /// `None` while a thread has it.
    value: Mutex<Option<T>>,
    free: Condvar,
}

/// Puts a value back, whatever happened.
struct Lent<'g, T: Default> {
    gate: &'g Gate<T>,
    /// `None` once the work is done.
    value: Option<T>,
    done: bool,
}

impl<T: Default> Gate<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self { value: Mutex::new(Some(value)), free: Condvar::new() }
    }

    /// Works with the value once it is free; `None`: it was not within this time.
    pub(crate) fn with<R>(&self, within: Duration, work: impl FnOnce(&mut T) -> R) -> Option<R> {
        let value = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.free.wait_timeout_while(value, within, |value| value.is_none());
        let (mut value, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let mut lent = Lent { gate: self, value: Some(value.take()?), done: false };
        drop(value);
        let result = lent.value.as_mut().map(work);
        lent.done = true;
        result
    }
}

impl<T: Default> Drop for Lent<'_, T> {
    fn drop(&mut self) {
        let back = self.value.take().filter(|_| self.done).unwrap_or_default();
        *self.gate.value.lock().unwrap_or_else(PoisonError::into_inner) = Some(back);
        self.gate.free.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::thread;

    #[test]
    fn one_has_it_others_wait_and_a_panic_leaves_a_new_one() {
        let gate = Gate::new(5);
        let inner = gate.with(Duration::ZERO, |value| {
            *value += 1;
            gate.with(Duration::ZERO, |_| ())
        });
        assert_eq!(inner, Some(None), "nobody else has it meanwhile");
        assert_eq!(gate.with(Duration::ZERO, |value| *value), Some(6));
        let work = AssertUnwindSafe(|| gate.with(Duration::ZERO, |_| panic!("on purpose")));
        assert!(catch_unwind(work).is_err());
        assert_eq!(gate.with(Duration::ZERO, |value| *value), Some(0));
    }

    #[test]
    fn who_waits_comes_next() {
        let gate = Gate::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..100).for_each(|_| _ = gate.with(Duration::MAX, |value| *value += 1)));
            }
        });
        assert_eq!(gate.with(Duration::ZERO, |value| *value), Some(800));
    }
}
