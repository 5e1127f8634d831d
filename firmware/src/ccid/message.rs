//! The bytes of a message: a header of ten, and data (CCID 1.1 section 6). Numbers are little-endian.

use heapless::Vec;
use zeroize::Zeroize;

/// Bytes of a header.
pub const HEADER: usize = 10;
/// The most data bytes of a message: a short command APDU with Lc and Le. Longer ones go in several messages.
pub const DATA_MAX: usize = 261;
/// The longest message: dwMaxCCIDMessageLength.
pub const MESSAGE_MAX: usize = HEADER + DATA_MAX;
/// Bytes of a full packet of a bulk endpoint at full speed.
pub const PACKET: usize = 64;
/// The only slot.
pub const SLOT: u8 = 0;

/// What a host asks for (section 6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Request {
    /// PC_to_RDR_SetParameters.
    SetParameters = 0x61,
    /// PC_to_RDR_IccPowerOn.
    PowerOn = 0x62,
    /// PC_to_RDR_IccPowerOff.
    PowerOff = 0x63,
    /// PC_to_RDR_GetSlotStatus.
    GetSlotStatus = 0x65,
    /// PC_to_RDR_Secure.
    Secure = 0x69,
    /// PC_to_RDR_T0APDU.
    T0Apdu = 0x6A,
    /// PC_to_RDR_Escape.
    Escape = 0x6B,
    /// PC_to_RDR_GetParameters.
    GetParameters = 0x6C,
    /// PC_to_RDR_ResetParameters.
    ResetParameters = 0x6D,
    /// PC_to_RDR_IccClock.
    Clock = 0x6E,
    /// PC_to_RDR_XfrBlock.
    Transfer = 0x6F,
    /// PC_to_RDR_Mechanical.
    Mechanical = 0x71,
    /// PC_to_RDR_Abort.
    Abort = 0x72,
    /// PC_to_RDR_SetDataRateAndClockFrequency.
    SetRate = 0x73,
}

impl Request {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::SetParameters,
        Self::PowerOn,
        Self::PowerOff,
        Self::GetSlotStatus,
        Self::Secure,
        Self::T0Apdu,
        Self::Escape,
        Self::GetParameters,
        Self::ResetParameters,
        Self::Clock,
        Self::Transfer,
        Self::Mechanical,
        Self::Abort,
        Self::SetRate,
    ];

    /// By bMessageType.
    pub fn of(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|request| *request as u8 == code)
    }

    /// The message that answers it, whatever comes of it.
    pub const fn reply(self) -> Reply {
        match self {
            Self::PowerOn | Self::Transfer | Self::Secure => Reply::DataBlock,
            Self::SetParameters | Self::GetParameters | Self::ResetParameters => Reply::Parameters,
            Self::Escape => Reply::Escape,
            Self::SetRate => Reply::Rate,
            Self::PowerOff | Self::GetSlotStatus | Self::T0Apdu | Self::Clock | Self::Mechanical | Self::Abort => {
                Reply::SlotStatus
            }
        }
    }
}

/// What a reader answers (section 6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Reply {
    /// RDR_to_PC_DataBlock.
    DataBlock = 0x80,
    /// RDR_to_PC_SlotStatus.
    SlotStatus = 0x81,
    /// RDR_to_PC_Parameters.
    Parameters = 0x82,
    /// RDR_to_PC_Escape.
    Escape = 0x83,
    /// RDR_to_PC_DataRateAndClockFrequency.
    Rate = 0x84,
}

/// bmICCStatus (section 6.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Icc {
    /// A card is there and has power.
    Active = 0,
    /// A card is there.
    Inactive = 1,
    /// No card is there.
    Absent = 2,
}

/// bError where bmCommandStatus says failed (section 6.2.6): from 1 to 127, the offset of the byte that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Failure(pub u8);

impl Failure {
    /// The reader does not do this.
    pub const NOT_SUPPORTED: Self = Self(0);
    /// dwLength is wrong.
    pub const LENGTH: Self = Self(1);
    /// bSlot is wrong.
    pub const SLOT: Self = Self(5);
    /// bPowerSelect or bProtocolNum is wrong.
    pub const BYTE_7: Self = Self(7);
    /// wLevelParameter is wrong.
    pub const LEVEL: Self = Self(8);
    /// bPINOperation, or the first byte of an APDU, is wrong.
    pub const FIRST_DATA: Self = Self(10);
    /// The slot is busy.
    pub const BUSY: Self = Self(0xE0);
    /// The cancel key was pressed.
    pub const PIN_CANCELLED: Self = Self(0xEF);
    /// Nobody keyed a PIN in time.
    pub const PIN_TIMED_OUT: Self = Self(0xF0);
    /// The card sent a procedure byte that is none.
    pub const PROCEDURE_BYTE: Self = Self(0xF4);
    /// The card is made for another voltage.
    pub const CLASS: Self = Self(0xF5);
    /// The card speaks another protocol, or insists on a rate that the slot cannot do.
    pub const PROTOCOL: Self = Self(0xF6);
    /// TCK does not match.
    pub const TCK: Self = Self(0xF7);
    /// What came first after the reset is no TS.
    pub const TS: Self = Self(0xF8);
    /// The hardware has failed: a short circuit, say.
    pub const HARDWARE: Self = Self(0xFB);
    /// The response is longer than the command said.
    pub const OVERRUN: Self = Self(0xFC);
    /// Parity was wrong, however often it was repeated.
    pub const PARITY: Self = Self(0xFD);
    /// The card is silent, or there is none.
    pub const MUTE: Self = Self(0xFE);
    /// The host has aborted it.
    pub const ABORTED: Self = Self(0xFF);
}

/// bmCommandStatus and bError (section 6.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done.
    Done,
    /// Not done.
    Failed(Failure),
    /// Not done yet: the host waits for so many of its waiting times more.
    MoreTime(u8),
}

/// An answer on its way to the host, packet by packet. Wiped when it is out.
#[derive(Debug, Default)]
pub struct Answer {
    bytes: Vec<u8, MESSAGE_MAX>,
    sent: usize,
}

impl Answer {
    /// An answer to the message with this sequence number; `specific` is its tenth byte. Data beyond [`DATA_MAX`] are left out.
    pub fn new(reply: Reply, seq: u8, icc: Icc, status: Status, specific: u8, data: &[u8]) -> Self {
        let data = data.get(..data.len().min(DATA_MAX)).unwrap_or_default();
        let (command, error) = match status {
            Status::Done => (0, 0),
            Status::Failed(Failure(error)) => (1 << 6, error),
            Status::MoreTime(times) => (2 << 6, times),
        };
        let [a, b, c, d] = (data.len() as u32).to_le_bytes();
        let header = [reply as u8, a, b, c, d, SLOT, seq, icc as u8 | command, error, specific];
        let mut bytes = Vec::new();
        // There is room for both.
        let _ = bytes.extend_from_slice(&header);
        let _ = bytes.extend_from_slice(data);
        Self { bytes, sent: 0 }
    }

    /// The same for a message that named this slot (section 6.2: the answer has the slot of its message).
    pub fn of_slot(mut self, slot: u8) -> Self {
        if let Some(place) = self.bytes.get_mut(5) {
            *place = slot;
        }
        self
    }

    /// The next packet. The last one is shorter than a full one, and perhaps empty, so that the host knows that it is the last.
    pub fn packet(&self) -> &[u8] {
        let rest = self.bytes.get(self.sent..).unwrap_or_default();
        rest.get(..PACKET).unwrap_or(rest)
    }

    /// The host has a part of it.
    pub const fn has_begun(&self) -> bool {
        self.sent > 0
    }

    /// The host has it; returns whether it was the last.
    pub fn sent(&mut self) -> bool {
        let len = self.packet().len();
        self.sent += len;
        len < PACKET
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.bytes.as_mut_slice().zeroize();
    }
}

/// A message of the host: its header and data.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    /// bMessageType.
    pub code: u8,
    /// bSlot.
    pub slot: u8,
    /// bSeq.
    pub seq: u8,
    /// The three bytes that mean something else in each message.
    pub specific: [u8; 3],
    /// abData. May hold a PIN.
    pub data: &'a [u8],
}

impl<'a> Message<'a> {
    /// Reads one; `None` if its length is not the one that it says.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (&[code, a, b, c, d, slot, seq, e, f, g], data) = bytes.split_first_chunk::<HEADER>()?;
        let len = u32::from_le_bytes([a, b, c, d]);
        let whole = usize::try_from(len).is_ok_and(|len| len == data.len());
        whole.then_some(Self { code, slot, seq, specific: [e, f, g], data })
    }

    /// wLevelParameter of a transfer.
    pub const fn level(&self) -> u16 {
        let [_, low, high] = self.specific;
        u16::from_le_bytes([low, high])
    }
}
