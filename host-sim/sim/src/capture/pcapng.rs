//! Packets in a pcapng file, by interface.
//!
//! | Interface | Link type | Packets | Dissector |
//! |---|---|---|---|
//! | 0 `gsmtap` | 228, IPv4 | see [`super::packets`] | |
//! | 1 `atr`, 2 `apdu` | 147, 148: user 0 and 1 | see [`super::packets`] | |
//! | 3 `till` | 252, exported PDUs | frames between till and terminal; to the terminal: outbound | `qiyong.till` |
//! | 4 `centre` | 252, exported PDUs | messages between terminal and centre, with addresses; to the centre: outbound | `qiyong.centre` |
//!
//! An exported PDU begins with the name of its dissector, so that the viewer needs no setting; without our script
//! ([`crate::dissector`]) it shows the bytes. A frame is stuffed anew around what it carries, since its check would not fit after a
//! secret has become `*`; frames that were damaged on the line, or lost there, are not there.
//!
//! [`Packets`] takes what has no secret in it any more: who gives it messages masks them.

use std::borrow::Cow;
use std::io::{Error, Result, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{InterfaceDescriptionBlock, InterfaceDescriptionOption};
use pcap_file::pcapng::{PcapNgBlock, PcapNgWriter};
use pcap_file::{DataLink, Endianness};

use qiyong_protocol::frame::{Peer, encode, encoded_len};

/// The interfaces of a capture; the value of each is its number.
#[derive(Clone, Copy)]
pub(super) enum Interface {
    Gsmtap = 0,
    Atr = 1,
    Apdu = 2,
    Till = 3,
    Centre = 4,
}

/// The interfaces' names and link types, in the order of their numbers.
const INTERFACES: [(&str, DataLink); 5] = [
    ("gsmtap", DataLink::IPV4),
    ("atr", DataLink::USER0),
    ("apdu", DataLink::USER1),
    ("till", DataLink::WIRESHARK_UPPER_PDU),
    ("centre", DataLink::WIRESHARK_UPPER_PDU),
];
/// Timestamps count 10^-9 s.
const NANOSECONDS: u8 = 9;

/// The direction in the flags of a packet.
#[derive(Clone, Copy)]
pub(super) enum Direction {
    Inbound = 1,
    Outbound = 2,
}

/// From where to where a message goes.
#[derive(Clone, Copy, Debug)]
pub struct Whereto {
    /// The terminal's end.
    pub terminal: SocketAddr,
    /// The centre's end.
    pub centre: SocketAddr,
    /// It goes to the centre.
    pub to_centre: bool,
}

impl Whereto {
    /// Where there is no connection: this machine, and the port that Wireshark looks for.
    pub(super) const fn made_up(to_centre: bool) -> Self {
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self { terminal: SocketAddr::new(here, 50_000), centre: SocketAddr::new(here, 8583), to_centre }
    }
}

/// A capture under way.
pub(super) struct Packets<W: Write>(PcapNgWriter<W>);

impl<W: Write> Packets<W> {
    /// Begins it.
    pub(super) fn new(writer: W) -> Result<Self> {
        // The byte order does not depend on the machine: the same run gives the same file everywhere.
        let mut out = Self(PcapNgWriter::with_endianness(writer, Endianness::Little).map_err(Error::other)?);
        for (name, linktype) in INTERFACES {
            let options = vec![
                InterfaceDescriptionOption::IfName(name.into()),
                InterfaceDescriptionOption::IfTsResol(NANOSECONDS),
            ];
            out.block(InterfaceDescriptionBlock { linktype, snaplen: 0, options })?;
        }
        Ok(out)
    }

    /// What was written to.
    pub(super) fn into_inner(self) -> W {
        self.0.into_inner()
    }

    /// The same, while more comes.
    pub(super) fn writer(&mut self) -> &mut W {
        self.0.get_mut()
    }

    fn block<'a>(&mut self, block: impl PcapNgBlock<'a>) -> Result<()> {
        self.0.write_pcapng_block(block).map(|_| ()).map_err(Error::other)
    }

    /// A packet of bytes as they are.
    pub(super) fn packet(
        &mut self,
        interface: Interface,
        at: Duration,
        data: &[u8],
        direction: Option<Direction>,
    ) -> Result<()> {
        self.block(EnhancedPacketBlock {
            interface_id: interface as u32,
            timestamp: at,
            original_len: data.len() as u32,
            data: Cow::Borrowed(data),
            options: direction.map(|direction| EnhancedPacketOption::Flags(direction as u32)).into_iter().collect(),
        })
    }

    /// A message between terminal and centre.
    pub(super) fn message(&mut self, at: Duration, whereto: Whereto, bytes: &[u8]) -> Result<()> {
        let Whereto { terminal, centre, to_centre } = whereto;
        let (from, to) = if to_centre { (terminal, centre) } else { (centre, terminal) };
        let mut packet = begun("qiyong.centre");
        for (address, [v4, v6]) in [(from.ip(), [20, 22]), (to.ip(), [21, 23])] {
            match address {
                IpAddr::V4(address) => tag(&mut packet, v4, &address.octets()),
                IpAddr::V6(address) => tag(&mut packet, v6, &address.octets()),
            }
        }
        // TCP's number among the kinds of port.
        for (number, value) in [(24, 2), (25, from.port().into()), (26, to.port().into())] {
            tag(&mut packet, number, &u32::to_be_bytes(value));
        }
        self.exported(Interface::Centre, at, packet, bytes, to_centre)
    }

    /// A frame between till and terminal that carries this.
    pub(super) fn frame(&mut self, at: Duration, to_terminal: bool, peer: Peer, payload: &[u8]) -> Result<()> {
        let mut buffer = vec![0; encoded_len(payload.len())];
        let Some(frame) = encode(peer, payload, &mut buffer) else {
            return Err(Error::other("a message is too long for a frame"));
        };
        self.exported(Interface::Till, at, begun("qiyong.till"), frame, to_terminal)
    }

    fn exported(
        &mut self,
        interface: Interface,
        at: Duration,
        mut packet: Vec<u8>,
        bytes: &[u8],
        outbound: bool,
    ) -> Result<()> {
        tag(&mut packet, 0, &[]);
        packet.extend(bytes);
        let direction = if outbound { Direction::Outbound } else { Direction::Inbound };
        self.packet(interface, at, &packet, Some(direction))
    }
}

/// The beginning of an exported PDU: which dissector reads it.
fn begun(dissector: &str) -> Vec<u8> {
    let mut packet = Vec::new();
    tag(&mut packet, 12, dissector.as_bytes());
    packet
}

/// A tag of an exported PDU: number, length, value, filled up to whole words.
fn tag(packet: &mut Vec<u8>, number: u16, value: &[u8]) {
    let length = value.len().next_multiple_of(4);
    packet.extend(number.to_be_bytes());
    packet.extend((length as u16).to_be_bytes());
    packet.extend(value);
    packet.resize(packet.len() + length - value.len(), 0);
}
