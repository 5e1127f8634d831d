//! Which protocol a connection gets, asked of our server and of the real pcscd in the same words: whatever was asked
//! for before, by whichever way, both give the same answer.

use std::path::Path;
use std::process::Command;

use qiyong_pcsc::codes::Rv;
use qiyong_pcsc::codes::protocol::RAW;
use qiyong_protocol::card::files::Generation;
use qiyong_tests::pcsc::raw::{DIRECT, EXCLUSIVE, LEAVE, RESET, Raw, SHARED};
use qiyong_tests::pcsc::real_pcscd::RealPcscd;
use qiyong_tests::programs::{PrivateServer, Watched};
use qiyong_tests::qiyong;

/// What programs ask for: nothing, each protocol, both, raw bytes, and mixtures.
const WANTED: [u32; 9] = [0, 1, 2, 3, 4, 5, 6, 8, 0x1000];

fn card_file(file: &Path, protocol: &str) {
    let new = ["card", "new", "--profile", "v2", "--protocol", protocol, "--out", file.to_str().unwrap()];
    assert!(Watched::start(Command::new(qiyong()).args(new)).output().status.success());
}

/// How a program asks after another one, or it itself, has asked before.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// A second program connects.
    Connect,
    /// The first program reconnects.
    Reconnect,
}

/// Everything that a service answers when it is asked twice after a reset: each time the protocol in force, or the error.
fn answers(socket: &Path, reader: &str) -> Vec<(String, u32)> {
    let (mut first, mut second) = (Raw::new(socket, 4), Raw::new(socket, 4));
    let mut answers = Vec::new();
    let asked = |shares: &[u32]| -> Vec<(u32, u32)> {
        shares.iter().flat_map(|share| WANTED.map(|wanted| (*share, wanted))).collect()
    };
    for ((share, wanted), way) in
        asked(&[DIRECT, SHARED]).into_iter().flat_map(|one| [(one, Way::Connect), (one, Way::Reconnect)])
    {
        // Beside another connection nobody is exclusive.
        let shares: &[u32] = if matches!(way, Way::Connect) { &[SHARED, DIRECT] } else { &[SHARED, DIRECT, EXCLUSIVE] };
        for (then_share, then_wanted) in asked(shares) {
            // Raw bytes are always to be had.
            let (card, _) = first.connect(reader, SHARED, RAW).expect("a card is in");
            assert_eq!(first.disconnect(card, RESET), 0);
            let begun = first.connect(reader, share, wanted);
            let what = format!("{wanted:#x} as {share}");
            answers.push((what.clone(), begun.map_or_else(|rv| rv, |(_, active)| active)));
            let Ok((card, _)) = begun else { break };
            let then = match way {
                Way::Connect => second.connect(reader, then_share, then_wanted).map_or_else(
                    |rv| rv,
                    |(card, active)| {
                        assert_eq!(second.disconnect(card, LEAVE), 0);
                        active
                    },
                ),
                Way::Reconnect => first.reconnect(card, then_share, then_wanted, LEAVE),
            };
            answers.push((format!("{what}, then {way:?} {then_wanted:#x} as {then_share}"), then));
            assert_eq!(first.disconnect(card, LEAVE), 0);
        }
    }
    answers
}

#[test]
fn the_protocol_in_force_is_that_of_the_real_pcscd() {
    for protocol in ["0", "1"] {
        let folder = tempfile::TempDir::new().unwrap();
        card_file(&folder.path().join("0.toml"), protocol);
        card_file(&folder.path().join("real.toml"), protocol);
        let pcscd = RealPcscd::start();
        let connect = format!("127.0.0.1:{}", pcscd.port);
        let real_file = folder.path().join("real.toml");
        let vicc = ["vicc", "--connect", &connect, "--card", real_file.to_str().unwrap()];
        let _vicc = Watched::start(Command::new(qiyong()).args(vicc));
        pcscd.wait_for_card();
        let theirs = answers(&pcscd.socket(), "Virtual PCD 00 00");
        let server = PrivateServer::in_folder(folder, 1, &[]);
        let ours = answers(&server.socket(), &server.readers[0]);
        let differ: Vec<_> = ours.iter().zip(&theirs).filter(|(ours, theirs)| ours != theirs).collect();
        assert!(
            ours.len() == theirs.len() && differ.is_empty(),
            "T={protocol}: {} differ: {:X?}",
            differ.len(),
            differ.first()
        );
    }
}

#[test]
fn a_connection_that_is_refused_changes_nothing_for_those_that_there_are() {
    let server = PrivateServer::with(&[Generation::V2]);
    let (mut first, mut second) = (Raw::new(&server.socket(), 4), Raw::new(&server.socket(), 4));
    let (card, t0) = first.connect(&server.readers[0], SHARED, 1).unwrap();
    assert_eq!(second.connect(&server.readers[0], EXCLUSIVE, RAW), Err(Rv::SHARING_VIOLATION.0));
    assert!(first.transmit(card, t0, &[0, 0x84, 0, 0, 8]).is_ok());
    let (other, _) = second.connect(&server.readers[0], SHARED, 1).unwrap();
    assert_eq!(second.reconnect(other, EXCLUSIVE, RAW, LEAVE), Rv::SHARING_VIOLATION.0);
    assert!(first.transmit(card, t0, &[0, 0x84, 0, 0, 8]).is_ok());
}
