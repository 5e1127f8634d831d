//! What differs between the boards that QEMU has: its name for the board, which line is which, and where the contacts are. Everything
//! else of this folder is for all of them.
//!
//! The image tells its board: by where its vector table lies.

use super::EmulatorError;
use super::control::Control;

/// A board.
pub(super) struct Model {
    /// QEMU's name for it.
    pub(super) machine: &'static str,
    /// Where its flash begins, and so the vector table of its image.
    flash: u64,
    /// Its serial lines in QEMU's order, as far as there is something at their ends.
    pub(super) serials: &'static [Option<SerialEnd>],
    /// Its ports of pins, in the order of their letters.
    ports: Ports,
    /// Outputs, all of port [`Model::watched`]: the switch of VCC; 5 V and not 3 V; RST; high while the core sleeps.
    pub(super) watched: char,
    pub(super) vcc: u32,
    pub(super) five_volts: u32,
    pub(super) rst: u32,
    pub(super) asleep: u32,
    /// The card-present switch: high with a card.
    pub(super) present: (char, u32),
    /// The cancel key: low while it is down. `None`: the board has none.
    pub(super) cancel_key: Option<(char, u32)>,
    /// Where the divider of the card's UART stands, and what it says.
    pub(super) divider: Divider,
    /// Cycles of the UART's clock in one of CLK.
    pub(super) per_clk: u64,
    /// Where its RAM lies, and how many bytes it has.
    pub(super) ram: &'static [(u64, usize)],
}

/// What is at the end of a serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SerialEnd {
    Till,
    Card,
    Keys,
}

impl SerialEnd {
    /// The name of its socket.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Till => "till",
            Self::Card => "card",
            Self::Keys => "keys",
        }
    }
}

/// How QEMU names the ports.
enum Ports {
    /// By their letter, behind this.
    Named(&'static str),
    /// By numbers alone, as all that has no name: they are the devices of this type.
    Numbered(&'static str),
}

/// The registers that tell how long an etu is.
#[derive(Clone, Copy)]
pub(super) enum Divider {
    /// Cycles of the UART's clock (RM0351, USART_BRR).
    Cycles(u64),
    /// Sixteen cycles, and 64ths of that in the word behind it (PL011, UARTIBRD and UARTFBRD).
    Sixteens(u64),
}

/// ST's B-L475E-IOT01A.
static B_L475E_IOT01A: Model = Model {
    machine: "b-l475e-iot01a",
    flash: 0x0800_0000,
    // USART1, USART2, USART3, UART4.
    serials: &[Some(SerialEnd::Till), Some(SerialEnd::Card), None, Some(SerialEnd::Keys)],
    ports: Ports::Named("/machine/soc/gpio"),
    watched: 'a',
    vcc: 7,
    five_volts: 3,
    rst: 6,
    asleep: 15,
    present: ('b', 2),
    cancel_key: Some(('c', 13)),
    divider: Divider::Cycles(0x4000_440C),
    per_clk: 4,
    ram: &[(0x2000_0000, 96 * 1024), (0x1000_0000, 32 * 1024)],
};

/// TI's LM3S6965 on its evaluation board.
static LM3S6965EVB: Model = Model {
    machine: "lm3s6965evb",
    flash: 0,
    // UART0, UART1, UART2.
    serials: &[Some(SerialEnd::Till), Some(SerialEnd::Keys), Some(SerialEnd::Card)],
    ports: Ports::Numbered("child<pl061_luminary>"),
    watched: 'b',
    vcc: 0,
    five_volts: 1,
    rst: 2,
    asleep: 3,
    present: ('b', 6),
    cancel_key: None,
    divider: Divider::Sixteens(0x4000_E024),
    per_clk: 5,
    ram: &[(0x2000_0000, 64 * 1024)],
};

impl Model {
    /// The board for an image whose vector table lies there.
    pub(super) fn of(vectors: u64) -> Result<&'static Self, EmulatorError> {
        let mut all = [&B_L475E_IOT01A, &LM3S6965EVB].into_iter();
        all.find(|model| model.flash == vectors).ok_or(EmulatorError::NoBoard { vectors })
    }

    /// QEMU's path of a port.
    pub(super) fn port(&self, letter: char, control: &mut Control) -> Result<String, EmulatorError> {
        match self.ports {
            Ports::Named(before) => Ok(format!("{before}{letter}")),
            Ports::Numbered(kind) => {
                const NAMELESS: &str = "/machine/unattached";
                let number = |name: &str| name.strip_prefix("device[")?.strip_suffix(']')?.parse::<u32>().ok();
                let mut ports: Vec<_> = control
                    .children(NAMELESS)?
                    .into_iter()
                    .filter(|(_, is)| is == kind)
                    .filter_map(|(name, _)| number(&name))
                    .collect();
                ports.sort_unstable();
                let port = ports.get((letter as usize).wrapping_sub('a' as usize));
                let said = || format!("qom-list {NAMELESS}: no port {letter}");
                port.map(|port| format!("{NAMELESS}/device[{port}]"))
                    .ok_or_else(|| EmulatorError::Answer { said: said() })
            }
        }
    }
}

impl Divider {
    /// The registers.
    pub(super) const fn addresses(self) -> [u64; 2] {
        match self {
            Self::Cycles(at) => [at, at],
            Self::Sixteens(at) => [at, at + 4],
        }
    }

    /// Quarters of a cycle of the UART's clock in an etu.
    pub(super) fn quarters(self, [first, second]: [u32; 2]) -> u64 {
        match self {
            Self::Cycles(_) => 4 * u64::from(first),
            Self::Sixteens(_) => 64 * u64::from(first) + u64::from(second),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_etu_of_372_and_of_7_and_three_quarters_by_either_divider() {
        assert_eq!(Divider::Cycles(0).quarters([1488, 1488]), 4 * 372 * 4);
        // 372 of CLK are 1860 cycles, 116 times 16 and 16 of 64 more.
        assert_eq!(Divider::Sixteens(0).quarters([116, 16]), 4 * 372 * 5);
        assert_eq!(Divider::Sixteens(0).quarters([9, 44]), 4 * 31 * 5);
    }

    #[test]
    fn an_image_is_for_the_board_whose_flash_has_its_vectors() {
        let machine = |vectors| Model::of(vectors).map(|model| model.machine).map_err(|error| error.to_string());
        assert_eq!(machine(0x0800_0000), Ok("b-l475e-iot01a"));
        assert_eq!(machine(0), Ok("lm3s6965evb"));
        assert!(machine(0x1000_0100).is_err_and(|error| error.contains("0x10000100")));
    }
}
