//! The bytes of a block: protocol control byte (clause 11.3.2.2) and error detection code (clause 11.3.4). The engines
//! decide which block may come when.

use core::fmt;

use crate::crc;
use crate::iso7816::atr::Edc;
use crate::iso7816::xor::xor;

/// What a protocol control byte says. Sequence numbers are `false` for 0 and `true` for 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Pcb {
    /// An information block.
    I {
        /// N(S), the number of this block.
        ns: bool,
        /// M: more blocks of the same APDU follow.
        more: bool,
    },
    /// A receive-ready block.
    R {
        /// N(R), the number of the I-block that its sender expects next.
        nr: bool,
        /// What was wrong with the last block.
        complaint: Complaint,
    },
    /// A supervisory request.
    Request(Supervisory),
    /// The response to one.
    Response(Supervisory),
}

/// The kind of a block, which its protocol control byte tells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    I,
    R,
    Request,
    Response,
}

/// A protocol control byte as it is sent, whose bits are tested one by one. It says the same as [`Pcb`], with less
/// code.
#[derive(Clone, Copy)]
pub(super) struct Bits(pub(super) u8);

impl Bits {
    pub(super) const fn kind(self) -> Kind {
        match self.0 >> 5 {
            0b000..=0b011 => Kind::I,
            0b100 | 0b101 => Kind::R,
            0b110 => Kind::Request,
            _ => Kind::Response,
        }
    }

    /// Whether its value is not reserved.
    pub(super) const fn is_known(self) -> bool {
        match self.kind() {
            Kind::I => self.0 & 0x1F == 0,
            Kind::R => self.0 & 0x2F <= Complaint::Other as u8,
            Kind::Request | Kind::Response => self.0 & 0x1F <= Supervisory::Wtx as u8,
        }
    }

    /// Whether a block with this control byte may have `len` information bytes.
    pub(super) const fn allows(self, len: u8) -> bool {
        match self.kind() {
            Kind::I => true,
            Kind::R => len == 0,
            Kind::Request | Kind::Response => len == self.inf_len(),
        }
    }

    /// How many information bytes a supervisory block has: one for a size or a multiplier, otherwise none.
    pub(super) const fn inf_len(self) -> u8 {
        self.0 & 0x01
    }

    /// N(S) of an I-block.
    pub(super) const fn ns(self) -> bool {
        self.0 & 0x40 != 0
    }

    /// M of an I-block.
    pub(super) const fn more(self) -> bool {
        self.0 & 0x20 != 0
    }

    /// N(R) of an R-block.
    pub(super) const fn nr(self) -> bool {
        self.0 & 0x10 != 0
    }

    /// The PCB of the response to this request.
    pub(super) const fn response(self) -> u8 {
        self.0 | 0x20
    }
}

/// What an R-block says of the last block (clause 11.3.2.2, bits 1 to 4 of its PCB).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Complaint {
    /// It was free of errors.
    None = 0,
    /// Its error detection code or a parity bit was wrong.
    Redundancy = 1,
    /// Something else was wrong.
    Other = 2,
}

/// What a supervisory block is about. The VPP code of the first editions no longer exists, nor does the contact (clause
/// 5.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Supervisory {
    /// Start the protocol anew; only the terminal may ask.
    Resynch = 0,
    /// From now on accept information fields of this size.
    Ifs = 1,
    /// End the chain under way.
    Abort = 2,
    /// Wait longer for the next block; only the card may ask.
    Wtx = 3,
}

impl Supervisory {
    /// How many information bytes such a block has: one for a size or a multiplier, otherwise none (clause 11.4).
    pub const fn inf_len(self) -> u8 {
        match self {
            Self::Resynch | Self::Abort => 0,
            Self::Ifs | Self::Wtx => 1,
        }
    }
}

impl Pcb {
    /// Reads a protocol control byte. `None`: a reserved value.
    pub const fn decode(byte: u8) -> Option<Self> {
        if byte & 0x80 == 0 {
            return if byte & 0x1F == 0 {
                Some(Self::I { ns: byte & 0x40 != 0, more: byte & 0x20 != 0 })
            } else {
                None
            };
        }
        if byte & 0x40 == 0 {
            let complaint = match byte & 0x2F {
                0 => Complaint::None,
                1 => Complaint::Redundancy,
                2 => Complaint::Other,
                _ => return None,
            };
            return Some(Self::R { nr: byte & 0x10 != 0, complaint });
        }
        let about = match byte & 0x1F {
            0 => Supervisory::Resynch,
            1 => Supervisory::Ifs,
            2 => Supervisory::Abort,
            3 => Supervisory::Wtx,
            _ => return None,
        };
        Some(if byte & 0x20 == 0 { Self::Request(about) } else { Self::Response(about) })
    }

    /// The protocol control byte.
    #[inline]
    pub const fn encode(self) -> u8 {
        match self {
            Self::I { ns, more } => (ns as u8) << 6 | (more as u8) << 5,
            Self::R { nr, complaint } => 0x80 | (nr as u8) << 4 | complaint as u8,
            Self::Request(about) => 0xC0 | about as u8,
            Self::Response(about) => 0xE0 | about as u8,
        }
    }

    /// Whether a block of this kind may have `len` information bytes (clauses 11.3.1 and 11.4).
    pub const fn allows(self, len: u8) -> bool {
        match self {
            Self::I { .. } => true,
            Self::R { .. } => len == 0,
            Self::Request(about) | Self::Response(about) => len == about.inf_len(),
        }
    }
}

/// Prints a protocol control byte as the standard writes its block, such as `I(0,1)` or `S(WTX request)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockName(pub u8);

impl fmt::Display for BlockName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (about, which) = match Pcb::decode(self.0) {
            Some(Pcb::I { ns, more }) => return write!(f, "I({},{})", u8::from(ns), u8::from(more)),
            Some(Pcb::R { nr, .. }) => return write!(f, "R({})", u8::from(nr)),
            Some(Pcb::Request(about)) => (about, "request"),
            Some(Pcb::Response(about)) => (about, "response"),
            None => return write!(f, "block with PCB {:02X}", self.0),
        };
        let about = match about {
            Supervisory::Resynch => "RESYNCH",
            Supervisory::Ifs => "IFS",
            Supervisory::Abort => "ABORT",
            Supervisory::Wtx => "WTX",
        };
        write!(f, "S({about} {which})")
    }
}

/// The error detection code of a block, computed byte by byte.
///
/// The LRC is the xor of all bytes. The CRC is the one of ISO/IEC 13239, low byte first. ISO/IEC 7816-3 only refers to
/// that standard, and some readers neither complement the CRC nor swap its bytes; cards with a CRC are almost unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    edc: Edc,
    value: u16,
}

impl Check {
    /// The code before the first byte.
    pub const fn new(edc: Edc) -> Self {
        let value = match edc {
            Edc::Lrc => 0,
            Edc::Crc => crc::START,
        };
        Self { edc, value }
    }

    /// The code after the three bytes of a prologue.
    #[cfg_attr(target_os = "none", inline(never))]
    #[cfg_attr(not(target_os = "none"), inline)]
    pub(super) const fn of(edc: Edc, [nad, pcb, len]: [u8; 3]) -> Self {
        let mut check = Self::new(edc);
        check.update_by(nad);
        check.update_by(pcb);
        check.update_by(len);
        check
    }

    /// How many bytes the epilogue has.
    pub const fn len(edc: Edc) -> usize {
        match edc {
            Edc::Lrc => 1,
            Edc::Crc => 2,
        }
    }

    /// How many bytes the epilogue with this code has.
    pub(super) const fn epilogue_len(&self) -> usize {
        Self::len(self.edc)
    }

    /// Takes the next bytes of the block.
    pub fn update(&mut self, bytes: &[u8]) {
        match self.edc {
            Edc::Lrc => {
                self.value ^= u16::from(xor(bytes));
            }
            Edc::Crc => {
                for byte in bytes {
                    self.value = crc::step(self.value, *byte);
                }
            }
        }
    }

    /// Takes the next byte of the block.
    #[cfg_attr(target_os = "none", inline(never))]
    #[cfg_attr(not(target_os = "none"), inline)]
    pub(super) const fn update_by(&mut self, byte: u8) {
        self.value = match self.edc {
            Edc::Lrc => self.value ^ byte as u16,
            Edc::Crc => crc::step(self.value, byte),
        };
    }

    /// The epilogue for the bytes so far; for an LRC only its first byte counts.
    pub const fn epilogue(&self) -> [u8; 2] {
        match self.edc {
            Edc::Lrc => [self.value as u8, 0],
            Edc::Crc => crc::value(self.value).to_le_bytes(),
        }
    }

    /// Whether the bytes so far, epilogue included, are a block without transmission error.
    pub const fn holds(&self) -> bool {
        match self.edc {
            Edc::Lrc => self.value == 0,
            Edc::Crc => self.value == crc::RESIDUE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;

    fn epilogue(edc: Edc, bytes: &[u8]) -> [u8; 2] {
        let mut check = Check::new(edc);
        check.update(bytes);
        check.epilogue()
    }

    #[test]
    fn the_crc_goes_low_byte_first() {
        // An example of ISO/IEC 14443-3 annex B.
        assert_eq!(epilogue(Edc::Crc, &hex!("0A123456")), hex!("2CF6"));
    }

    #[test]
    fn the_lrc_is_the_xor_of_all_bytes_however_they_come() {
        let bytes = hex!("00 00 0B 00A4040005 7536417070 05");
        assert_eq!(epilogue(Edc::Lrc, &bytes), [0xA9, 0]);
        for cut in 0..bytes.len() {
            let mut check = Check::new(Edc::Lrc);
            check.update(&bytes[..cut]);
            check.update(&bytes[cut..]);
            check.update(&[0xA9]);
            assert!(check.holds());
        }
    }

    #[test]
    fn a_pcb_that_decodes_encodes_to_itself_and_all_others_are_reserved() {
        let known = (0..=255).filter(|&byte| Pcb::decode(byte).inspect(|pcb| assert_eq!(pcb.encode(), byte)).is_some());
        // Four I-blocks, three R-blocks for each N(R), four S-requests and their responses.
        assert_eq!(known.count(), 4 + 6 + 8);
    }

    #[test]
    fn the_bits_of_a_pcb_say_what_it_decodes_to() {
        for byte in 0..=255 {
            let bits = Bits(byte);
            let pcb = Pcb::decode(byte);
            assert_eq!(bits.is_known(), pcb.is_some(), "{byte:02X}");
            for len in 0..=2 {
                assert!(pcb.is_none_or(|pcb| pcb.allows(len) == bits.allows(len)), "{byte:02X}");
            }
            match (bits.kind(), pcb) {
                (_, None) => {}
                (Kind::I, Some(pcb)) => assert_eq!(pcb, Pcb::I { ns: bits.ns(), more: bits.more() }),
                (Kind::R, Some(Pcb::R { nr, .. })) => assert_eq!(nr, bits.nr()),
                (Kind::Request, Some(Pcb::Request(about))) => {
                    assert_eq!(Pcb::decode(bits.response()), Some(Pcb::Response(about)));
                }
                (Kind::Response, Some(Pcb::Response(_))) => {}
                (_, Some(pcb)) => panic!("{byte:02X} decodes to {pcb:?}"),
            }
        }
    }
}
