//! Frames on a line with disturbances.

use std::format;
use std::vec;
use std::vec::Vec;

use hex_literal::hex;
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// Room for all payloads here.
type Reader = Decoder<700>;

type Received = Result<(Peer, Vec<u8>), FrameError>;

fn encoded(peer: Peer, payload: &[u8]) -> Vec<u8> {
    let mut buffer = vec![0xAA; encoded_len(payload.len())];
    encode(peer, payload, &mut buffer).unwrap().to_vec()
}

fn heard(decoder: &mut Reader, bytes: &[u8]) -> Vec<Received> {
    let take = |byte: &u8| {
        let frame = decoder.push(*byte)?;
        Some(frame.map(|frame| (frame.peer, frame.payload.to_vec())))
    };
    bytes.iter().filter_map(take).collect()
}

fn good(bytes: &[u8]) -> Vec<(Peer, Vec<u8>)> {
    heard(&mut Reader::new(), bytes).into_iter().filter_map(Result::ok).collect()
}

#[test]
fn frames_byte_by_byte() {
    let crc = |stuffed: &[u8]| ::crc::Crc::<u16>::new(&::crc::CRC_16_IBM_SDLC).checksum(stuffed);
    assert_eq!(crc(b"123456789"), 0x906E, "the catalogue's check value");
    for (payload, stuffed) in [
        (&hex!("")[..], &hex!("02 01 01 01")[..]),
        (&hex!("11 22 00 33"), &hex!("02 01 04 04 11 22 02 33")),
        (&hex!("00 00"), &hex!("02 01 02 02 01 01")),
    ] {
        let crc = crc(stuffed);
        let check = [0x80 | (crc >> 10) as u8, 0x80 | (crc >> 5 & 31) as u8, 0x80 | (crc & 31) as u8];
        assert_eq!(encoded(Peer::Till, payload), [&[0], stuffed, &check, &[0]].concat());
    }
}

#[test]
fn pieces_of_254_bytes_are_full() {
    for length in [250, 251, 252, 253, 254, 255, 505, 506, 507, 508, 509] {
        for payload in [vec![7; length], [vec![7; length - 1], vec![0]].concat(), [vec![0], vec![7; length]].concat()] {
            let bytes = encoded(Peer::Centre, &payload);
            assert_eq!(good(&bytes), [(Peer::Centre, payload)], "{length}");
        }
    }
}

/// Bytes under a check that is right.
fn checked(stuffed: &[u8]) -> Vec<u8> {
    [&[0], stuffed, &check_of(stuffed), &[0]].concat()
}

#[test]
fn every_damage_has_its_name() {
    let error = |bytes: &[u8]| match &heard(&mut Reader::new(), bytes)[..] {
        [Err(error)] => *error,
        other => panic!("{other:?}"),
    };
    assert_eq!(error(&[0, 1, 0]), FrameError::TooShort);
    assert_eq!(error(&[0, 1, 2, 3, 4, 0]), FrameError::Check);
    assert_eq!(error(&checked(&[])), FrameError::TooShort);
    assert_eq!(error(&checked(&hex!("03 01 02"))), FrameError::TooShort);
    assert_eq!(error(&checked(&hex!("05 01 02"))), FrameError::Stuffing);
    assert_eq!(error(&checked(&hex!("02 01 02 01"))), FrameError::Length);
    assert_eq!(error(&checked(&hex!("02 03 01 01"))), FrameError::Peer(3));
    assert_eq!(error(&[&[0][..], &[1; 701], &[0]].concat()), FrameError::TooLong);
    assert_eq!(encode(Peer::Till, &[1], &mut [0; 9]), None);
    assert_eq!(encode(Peer::Till, &[1; 70_000], &mut vec![0; 80_000]), None);
    assert!(!format!("{:?}", Frame { peer: Peer::Till, payload: b"secret" }).contains("115"));
}

fn any_frame() -> impl Strategy<Value = (Peer, Vec<u8>)> {
    let byte = prop_oneof![1 => Just(0u8), 1 => Just(1u8), 4 => any::<u8>()];
    let payload =
        prop_oneof![4 => prop::collection::vec(byte.clone(), 0..40), 1 => prop::collection::vec(byte, 240..600)];
    (any::<bool>().prop_map(|till| if till { Peer::Till } else { Peer::Centre }), payload)
}

fn on_line(frames: &[(Peer, Vec<u8>)]) -> Vec<Vec<u8>> {
    frames.iter().map(|(peer, payload)| encoded(*peer, payload)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn frames_arrive_between_any_garbage(
        frames in prop::collection::vec(any_frame(), 1..4),
        garbage in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..900), 4),
    ) {
        let mut line = garbage[0].clone();
        for (frame, garbage) in on_line(&frames).iter().zip(&garbage[1..]) {
            prop_assert_eq!(frame.iter().filter(|byte| **byte == 0).count(), 2);
            line.extend(frame);
            line.extend(garbage);
        }
        // The garbage is no valid frame, in all likelihood.
        prop_assert_eq!(good(&line), frames);
    }

    #[test]
    fn garbage_inside_costs_its_frame_and_no_other(
        frames in prop::collection::vec(any_frame(), 3),
        garbage in prop::collection::vec(any::<u8>(), 1..100),
        at in any::<Index>(),
    ) {
        let mut line = on_line(&frames);
        // Not before the first byte and not after the last: that would be between frames.
        let at = 1 + at.index(line[1].len() - 1);
        line[1].splice(at..at, garbage.iter().copied());
        let received = good(&line.concat());
        // A 00 at the end of a frame is no garbage.
        if garbage.iter().all(|byte| *byte != 0) || (at > 1 && at < line[1].len() - garbage.len() - 1) {
            prop_assert_eq!(received, [frames[0].clone(), frames[2].clone()]);
        } else {
            prop_assert!(received == frames || received == [frames[0].clone(), frames[2].clone()]);
        }
    }

    /// A wrong bit in the 00 at either end of a frame turns that 00 into a byte of garbage.
    #[test]
    fn a_wrong_delimiter_costs_its_frame_alone(frames in prop::collection::vec(any_frame(), 3), first: bool, bit in 0..8u8) {
        let mut line = on_line(&frames);
        let at = if first { 0 } else { line[1].len() - 1 };
        line[1][at] ^= 1 << bit;
        prop_assert_eq!(good(&line.concat()), [frames[0].clone(), frames[2].clone()]);
    }

    #[test]
    fn bursts_of_sixteen_bits_are_seen(frame in any_frame(), at in any::<Index>(), burst in 1..=u16::MAX, shift in 0..8u32) {
        let mut line = encoded(frame.0, &frame.1);
        let stuffed = 1..line.len() - 1 - CHECK;
        let mask = (u32::from(burst) << shift).to_be_bytes();
        let at = stuffed.start + at.index(stuffed.len());
        line[at..stuffed.end].iter_mut().zip(&mask[1..]).for_each(|(byte, mask)| *byte ^= mask);
        prop_assume!(line != encoded(frame.0, &frame.1));
        prop_assert_eq!(good(&line), []);
    }

    #[test]
    fn any_bytes_are_frames_or_named_errors_and_the_decoder_stays_usable(
        bytes in prop::collection::vec(prop_oneof![Just(0u8), 1..6u8, any::<u8>()], 0..300),
        frame in any_frame(),
    ) {
        let mut decoder = Reader::new();
        for received in heard(&mut decoder, &bytes).into_iter().filter_map(Result::err) {
            prop_assert!(received != FrameError::TooLong, "there is room");
        }
        let received = heard(&mut decoder, &encoded(frame.0, &frame.1));
        prop_assert_eq!(received.last(), Some(&Ok(frame)));
        // Bytes under a right check are a frame, or refused with a named error.
        let stuffed: Vec<u8> = bytes.into_iter().filter(|byte| *byte != 0).collect();
        match &heard(&mut decoder, &checked(&stuffed))[..] {
            [Ok((peer, payload))] => prop_assert!(encode(*peer, payload, &mut [0; 700]).is_some()),
            [Err(error)] => prop_assert!(!matches!(error, FrameError::Check | FrameError::TooLong)),
            other => prop_assert!(false, "{:?}", other),
        }
    }
}

proptest! {
    // Each case is some thousand lines of three frames.
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// In the middle one of three frames, each bit in turn is wrong.
    #[test]
    fn every_single_wrong_bit_costs_its_frame_alone(frames in prop::collection::vec(any_frame(), 3)) {
        let line = on_line(&frames);
        for at in 1..line[1].len() - 1 {
            for bit in 0..8 {
                let mut line = line.clone();
                line[1][at] ^= 1 << bit;
                prop_assert_eq!(good(&line.concat()), [frames[0].clone(), frames[2].clone()], "byte {} bit {}", at, bit);
            }
        }
    }
}

/// A command may hold the key of F64.
#[test]
fn a_wiped_decoder_has_nothing_left_of_a_frame() {
    let key = [0xA5; 16];
    for end in [&[][..], &[7, 7, 7]] {
        let mut decoder = Reader::new();
        let line = [&encoded(Peer::Till, &key), end].concat();
        assert_eq!(heard(&mut decoder, &line).len(), 1);
        assert!(decoder.buffer.windows(8).any(|bytes| bytes == &key[..8]), "it is there before");
        decoder.wipe();
        assert_eq!((decoder.buffer, decoder.used), ([0; 700], 0));
        // The next frame is heard.
        assert_eq!(heard(&mut decoder, &encoded(Peer::Till, &key)).len(), 1);
    }
}
