//! GSMTAP: how SIM card traces are sent to Wireshark, as UDP datagrams with a small header.
//!
//! The header is that of libosmocore's `gsmtap.h`, version 2. IPv4 and UDP headers stand before it, as if a tracer on
//! this machine had sent it to port 4729. This file knows nothing of cards: its input is bytes.

/// What a datagram carries: GSMTAP's sub type for SIM.
#[derive(Clone, Copy, Debug)]
pub(super) enum SubType {
    /// Command and response of an APDU, joined.
    Apdu = 0x00,
    /// An ATR.
    Atr = 0x01,
}

/// The UDP port of GSMTAP.
const PORT: u16 = 4729;
const LOCALHOST: [u8; 4] = [127, 0, 0, 1];
const IPV4_HEADER: u16 = 20;
const UDP_HEADER: u16 = 8;

/// An IPv4 packet with a GSMTAP datagram that carries `payload`; a payload that is too long is cut off.
pub(super) fn packet(sub_type: SubType, payload: &[u8]) -> Vec<u8> {
    // Version 2, a header of 4 words, payload type SIM. Time slot, radio channel, levels and frame number have no
    // meaning here.
    let gsmtap = [2, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, sub_type as u8, 0, 0, 0];
    let room = u16::MAX - IPV4_HEADER - UDP_HEADER - gsmtap.len() as u16;
    let payload = payload.get(..usize::from(room)).unwrap_or(payload);
    let udp_len = UDP_HEADER + gsmtap.len() as u16 + payload.len() as u16;

    // Version 4, 5 words of header; one datagram, not fragmented; 64 hops, UDP.
    let mut ipv4 = vec![0x45, 0];
    ipv4.extend((IPV4_HEADER + udp_len).to_be_bytes());
    ipv4.extend([0, 0, 0x40, 0, 64, 17, 0, 0]);
    ipv4.extend([LOCALHOST, LOCALHOST].concat());
    let [high, low] = checksum(&ipv4).to_be_bytes();
    [ipv4[10], ipv4[11]] = [high, low];

    let mut packet = ipv4;
    packet.extend([PORT, PORT, udp_len].map(u16::to_be_bytes).concat());
    // A UDP checksum of zero means that there is none (RFC 768).
    packet.extend([0, 0]);
    packet.extend(gsmtap);
    packet.extend(payload);
    packet
}

/// The checksum of an IPv4 header (RFC 791, RFC 1071): the ones' complement sum of its words, complemented.
fn checksum(header: &[u8]) -> u16 {
    let words = header.chunks_exact(2).map(|word| u32::from(u16::from_be_bytes([word[0], word[1]])));
    let mut sum: u32 = words.sum();
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_what_other_tracers_send() {
        let packet = packet(SubType::Atr, &[0x3B, 0x00]);
        // The checksum was computed by hand: the words of the header add up to FFFF.
        let ipv4 = "4500002E0000400040113CBD7F0000017F000001";
        let rest = "12791279001A0000".to_string() + "02040400000000000000000001000000" + "3B00";
        assert_eq!(hex::encode_upper(packet), format!("{ipv4}{rest}"));
    }
}
