//! What goes wrong with bytes of the till's line, as on the serial line of a world: by their number in the visit, from 0.

use qiyong_sim::serial::wire::ByteFault;

/// One direction.
#[derive(Debug, Default)]
pub(super) struct Disturbed {
    faults: Vec<(u64, ByteFault)>,
    sent: u64,
    /// The rest of the frame never arrives.
    cut: bool,
}

impl Disturbed {
    /// From now on this goes wrong; what was planned before is off.
    pub(super) fn begin(&mut self, faults: &[(u64, ByteFault)]) {
        *self = Self { faults: faults.to_vec(), ..Self::default() };
    }

    /// What arrives of a byte, which may be the last one of a frame.
    pub(super) fn pass(&mut self, byte: u8, is_last: bool) -> Vec<u8> {
        if self.cut {
            self.cut = !is_last;
            return Vec::new();
        }
        let number = self.sent;
        self.sent += 1;
        match self.faults.iter().find(|(at, _)| *at == number).map(|(_, fault)| *fault) {
            None => vec![byte],
            Some(ByteFault::Flip(bits)) => vec![byte ^ bits],
            Some(ByteFault::Double) => vec![byte, byte],
            Some(ByteFault::Lose) => Vec::new(),
            Some(ByteFault::Cut) => {
                self.cut = !is_last;
                Vec::new()
            }
        }
    }

    /// The first byte with which something was to go wrong and that was not sent, if there is one, and how many were.
    pub(super) fn left(&self) -> Option<(u64, u64)> {
        let left = self.faults.iter().map(|(at, _)| *at).filter(|at| *at >= self.sent).min();
        left.map(|at| (at, self.sent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrives(fault: Option<(u64, ByteFault)>) -> Vec<u8> {
        let mut line = Disturbed::default();
        line.begin(fault.as_slice());
        [b'a', b'b', 0, b'c'].into_iter().flat_map(|byte| line.pass(byte, byte == 0)).collect()
    }

    #[test]
    fn each_fault_does_what_it_does_in_a_world() {
        assert_eq!(arrives(None), b"ab\0c");
        assert_eq!(arrives(Some((1, ByteFault::Flip(1)))), b"ac\0c");
        assert_eq!(arrives(Some((1, ByteFault::Lose))), b"a\0c");
        assert_eq!(arrives(Some((0, ByteFault::Double))), b"aab\0c");
        assert_eq!(arrives(Some((0, ByteFault::Cut))), b"c");
    }

    #[test]
    fn a_fault_whose_byte_never_came_is_left() {
        let mut line = Disturbed::default();
        line.begin(&[(0, ByteFault::Lose), (7, ByteFault::Lose)]);
        line.pass(1, false);
        assert_eq!(line.left(), Some((7, 1)));
    }
}
