//! The numbers of the PC/SC API in messages: return values, share modes, dispositions, states, protocols, attributes.
//!
//! Names and values are those of pcsc-lite's public headers (`pcsclite.h`, `reader.h`); only those in use are here.

/// What a call returns. Anything except [`Rv::SUCCESS`] is an error or a warning for the calling program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rv(pub u32);

impl Rv {
    #![allow(missing_docs, reason = "the names are those of the PC/SC API")]
    pub const SUCCESS: Self = Self(0);
    pub const CANCELLED: Self = Self(0x8010_0002);
    pub const INVALID_HANDLE: Self = Self(0x8010_0003);
    pub const INVALID_PARAMETER: Self = Self(0x8010_0004);
    pub const NO_MEMORY: Self = Self(0x8010_0006);
    pub const INSUFFICIENT_BUFFER: Self = Self(0x8010_0008);
    pub const UNKNOWN_READER: Self = Self(0x8010_0009);
    pub const SHARING_VIOLATION: Self = Self(0x8010_000B);
    pub const NO_SMARTCARD: Self = Self(0x8010_000C);
    pub const PROTO_MISMATCH: Self = Self(0x8010_000F);
    pub const INVALID_VALUE: Self = Self(0x8010_0011);
    pub const NOT_TRANSACTED: Self = Self(0x8010_0016);
    pub const READER_UNAVAILABLE: Self = Self(0x8010_0017);
    pub const SERVICE_STOPPED: Self = Self(0x8010_001E);
    pub const UNSUPPORTED_FEATURE: Self = Self(0x8010_001F);
    pub const UNRESPONSIVE_CARD: Self = Self(0x8010_0066);
    pub const UNPOWERED_CARD: Self = Self(0x8010_0067);
    pub const RESET_CARD: Self = Self(0x8010_0068);
    pub const REMOVED_CARD: Self = Self(0x8010_0069);
}

impl Rv {
    /// Its name in the PC/SC API, for people; of numbers that this server does not give, none.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::SUCCESS => "SCARD_S_SUCCESS",
            Self::CANCELLED => "SCARD_E_CANCELLED",
            Self::INVALID_HANDLE => "SCARD_E_INVALID_HANDLE",
            Self::INVALID_PARAMETER => "SCARD_E_INVALID_PARAMETER",
            Self::NO_MEMORY => "SCARD_E_NO_MEMORY",
            Self::INSUFFICIENT_BUFFER => "SCARD_E_INSUFFICIENT_BUFFER",
            Self::UNKNOWN_READER => "SCARD_E_UNKNOWN_READER",
            Self::SHARING_VIOLATION => "SCARD_E_SHARING_VIOLATION",
            Self::NO_SMARTCARD => "SCARD_E_NO_SMARTCARD",
            Self::PROTO_MISMATCH => "SCARD_E_PROTO_MISMATCH",
            Self::INVALID_VALUE => "SCARD_E_INVALID_VALUE",
            Self::NOT_TRANSACTED => "SCARD_E_NOT_TRANSACTED",
            Self::READER_UNAVAILABLE => "SCARD_E_READER_UNAVAILABLE",
            Self::SERVICE_STOPPED => "SCARD_E_SERVICE_STOPPED",
            Self::UNSUPPORTED_FEATURE => "SCARD_E_UNSUPPORTED_FEATURE",
            Self::UNRESPONSIVE_CARD => "SCARD_W_UNRESPONSIVE_CARD",
            Self::UNPOWERED_CARD => "SCARD_W_UNPOWERED_CARD",
            Self::RESET_CARD => "SCARD_W_RESET_CARD",
            Self::REMOVED_CARD => "SCARD_W_REMOVED_CARD",
            _ => return None,
        })
    }
}

impl std::fmt::Display for Rv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{:#010X}", self.0),
        }
    }
}

impl From<Result<(), Self>> for Rv {
    fn from(result: Result<(), Self>) -> Self {
        result.err().unwrap_or(Self::SUCCESS)
    }
}

/// How a connection shares its card with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// With nobody.
    Exclusive,
    /// With everybody.
    Shared,
    /// The connection is to the reader, with or without a card in it.
    Direct,
}

impl Share {
    /// In one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Exclusive => "exclusive",
            Self::Shared => "shared",
            Self::Direct => "direct",
        }
    }

    /// From `dwShareMode`.
    pub const fn from_code(code: u32) -> Result<Self, Rv> {
        match code {
            1 => Ok(Self::Exclusive),
            2 => Ok(Self::Shared),
            3 => Ok(Self::Direct),
            _ => Err(Rv::INVALID_VALUE),
        }
    }
}

/// What is done to the card at the end of a connection or transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Nothing.
    Leave,
    /// A warm reset.
    Reset,
    /// Power is taken away. A virtual reader has no motor, so EJECT also does this.
    Unpower,
}

impl Disposition {
    /// From `dwDisposition`.
    pub const fn from_code(code: u32) -> Result<Self, Rv> {
        match code {
            0 => Ok(Self::Leave),
            1 => Ok(Self::Reset),
            2 | 3 => Ok(Self::Unpower),
            _ => Err(Rv::INVALID_VALUE),
        }
    }

    /// From `dwInitialization` of a reconnection, where EJECT is not defined.
    pub const fn from_initialization(code: u32) -> Result<Self, Rv> {
        match code {
            3 => Err(Rv::INVALID_VALUE),
            code => Self::from_code(code),
        }
    }
}

/// `dwProtocol` bits.
pub mod protocol {
    #![allow(missing_docs, reason = "the names are those of the PC/SC API")]
    pub const UNDEFINED: u32 = 0;
    pub const T0: u32 = 1;
    pub const T1: u32 = 2;
    pub const RAW: u32 = 4;
    /// T=0 or T=1, in the form that old programs use.
    pub const ANY_OLD: u32 = 0x1000;

    /// In one word; empty while none is in force.
    pub const fn word(bits: u32) -> &'static str {
        match bits {
            T0 => "T=0",
            T1 => "T=1",
            RAW => "raw",
            _ => "",
        }
    }
}

/// `dwReaderState` bits of a reader.
pub mod state {
    #![allow(missing_docs, reason = "the names are those of the PC/SC API")]
    pub const ABSENT: u32 = 0x02;
    pub const PRESENT: u32 = 0x04;
    pub const SWALLOWED: u32 = 0x08;
    pub const POWERED: u32 = 0x10;
    pub const NEGOTIABLE: u32 = 0x20;
}

/// Attributes of a reader and its card (`SCARD_ATTR_...`).
pub mod attribute {
    #![allow(missing_docs, reason = "the names are those of the PC/SC API")]
    pub const VENDOR_NAME: u32 = 0x0001_0100;
    pub const VENDOR_IFD_TYPE: u32 = 0x0001_0101;
    pub const VENDOR_IFD_VERSION: u32 = 0x0001_0102;
    pub const VENDOR_IFD_SERIAL_NO: u32 = 0x0001_0103;
    pub const ASYNC_PROTOCOL_TYPES: u32 = 0x0003_0120;
    pub const DEFAULT_CLK: u32 = 0x0003_0121;
    pub const MAX_IFSD: u32 = 0x0003_0125;
    pub const CURRENT_PROTOCOL_TYPE: u32 = 0x0008_0201;
    pub const ICC_PRESENCE: u32 = 0x0009_0300;
    pub const ICC_INTERFACE_STATUS: u32 = 0x0009_0301;
    pub const ATR_STRING: u32 = 0x0009_0303;
    pub const ICC_TYPE_PER_ATR: u32 = 0x0009_0304;
    pub const MAXINPUT: u32 = 0x0007_A007;
    pub const DEVICE_UNIT: u32 = 0x7FFF_0001;
    pub const DEVICE_FRIENDLY_NAME: u32 = 0x7FFF_0003;
    pub const DEVICE_SYSTEM_NAME: u32 = 0x7FFF_0004;
}

/// The control code that asks a reader for its features (PC/SC part 10 clause 2.2).
pub const GET_FEATURE_REQUEST: u32 = control_code(3400);

/// A control code in the numbering of pcsc-lite.
pub const fn control_code(code: u32) -> u32 {
    0x4200_0000 + code
}
