//! Who is let in, and who has to go; and the server's socket, which is made and removed as it should be.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};

use qiyong_pcsc::server::CLIENTS_MAX;
use qiyong_pcsc::wire::{ReaderState, Version, command};
use qiyong_protocol::card::files::Generation;
use qiyong_tests::pcsc::raw::{ANY, Raw, SHARED};
use qiyong_tests::programs::{PrivateServer, Watched, eventually};
use qiyong_tests::qiyong;

#[test]
fn there_is_a_limit_to_clients_and_room_again_when_some_have_gone() {
    let server = PrivateServer::with(&[Generation::V2]);
    let mut clients: Vec<_> = (0..CLIENTS_MAX).map(|_| Raw::new(&server.socket(), 4)).collect();
    assert!(Raw::dial(&server.socket()).is_hung_up());
    let connections: Vec<_> = clients.iter_mut().map(|raw| raw.connect(&server.readers[0], SHARED, ANY)).collect();
    assert!(connections.iter().all(Result::is_ok));
    assert_eq!(clients[0].states()[0].2, CLIENTS_MAX as i32);
    drop(clients.split_off(1));
    // The server notices this after some time.
    eventually("one connection is left", || clients[0].states()[0].2 == 1);
    // A program that connects while threads are still ending would be refused, so it tries again.
    let mut version = Vec::new();
    Version { major: 4, minor: 4, rv: 0 }.write(&mut version);
    eventually("there is room", || {
        let mut raw = Raw::dial(&server.socket());
        raw.send(command::VERSION, &version);
        !raw.is_hung_up()
    });
    let mut again = Raw::new(&server.socket(), 4);
    assert!(again.connect(&server.readers[0], SHARED, ANY).is_ok());
}

#[test]
fn the_socket_is_its_owners_alone_and_goes_with_the_server() {
    for signal in ["-TERM", "-INT", "-HUP"] {
        let server = PrivateServer::with(&[Generation::V2]);
        let socket = fs::symlink_metadata(server.socket()).unwrap();
        assert!(socket.file_type().is_socket());
        assert_eq!(socket.permissions().mode() & 0o777, 0o600);
        // A client in the middle of a conversation does not keep the server from ending.
        let mut raw = Raw::new(&server.socket(), 4);
        let (card, _) = raw.connect(&server.readers[0], SHARED, ANY).unwrap();
        assert_eq!(raw.begin(card), 0);
        server.process.signal(signal);
        let PrivateServer { process, folder, .. } = server;
        assert_eq!(process.output().status.code(), Some(0), "{signal}");
        assert!(!folder.path().join("socket").exists(), "{signal}");
        assert!(raw.is_hung_up());
    }
}

#[test]
fn a_socket_left_behind_is_replaced_and_one_in_use_is_not() {
    let server = PrivateServer::with(&[Generation::V2]);
    let second = |server: &PrivateServer| {
        let mut command = server.command(qiyong().to_str().unwrap());
        Watched::start(command.args(["pcscd", "--socket", "socket", "--empty", "1"])).output()
    };
    let refused = second(&server);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("another server listens"));
    assert!(server.run("opensc-tool", &["--list-readers"]).contains("Qiyong"), "the first one still serves");
    server.process.signal("-KILL");
    let PrivateServer { process, folder, .. } = server;
    process.output();
    assert!(folder.path().join("socket").exists());
    let server = PrivateServer::in_folder(folder, 1, &[]);
    assert!(server.run("opensc-tool", &["--list-readers"]).contains("Qiyong"));
}

#[test]
fn idle_connections_make_room_and_those_at_work_do_not() {
    let server = PrivateServer::with_options(&[Generation::V2], &["--empty", "1"]);
    let lists = || server.run("opensc-tool", &["--list-readers"]).contains("Qiyong");
    // Nobody has a context.
    let idle: Vec<_> = (0..CLIENTS_MAX).map(|_| Raw::dial(&server.socket())).collect();
    assert!(lists());
    drop(idle);
    // All have contexts: one has a card, one waits for events, and of the others the first has been idle for longest.
    let version = |raw: &mut Raw| raw.version(4, 4).rv;
    let mut card = Raw::new(&server.socket(), 4);
    let (handle, t0) = card.connect(&server.readers[0], SHARED, ANY).unwrap();
    let mut waits = Raw::new(&server.socket(), 4);
    waits.call(command::WAIT_READER_STATE_CHANGE, &[], 16 * ReaderState::LEN);
    let mut idle: Vec<_> = (2..CLIENTS_MAX).map(|_| Raw::new(&server.socket(), 4)).collect();
    assert!(lists());
    assert!(idle[0].is_hung_up());
    assert_eq!(version(&mut idle[1]), 0);
    assert!(card.transmit(handle, t0, &[0, 0x84, 0, 0, 8]).is_ok());
    assert_eq!(server.ctl(&["insert", "1", "--card", "0.toml"]).0, 1, "the hand is let in, too");
    assert_eq!(server.ctl(&["remove", "0"]).0, 0);
    assert_eq!(waits.told(), 0);
}

#[test]
fn rubbish_without_end_gives_a_log_with_an_end() {
    let server = PrivateServer::with(&[Generation::V2]);
    for _ in 0..3000 {
        let mut bad = Raw::dial(&server.socket());
        bad.stream.write_all(&[0xFF; 8]).unwrap();
        assert!(bad.is_hung_up());
    }
    server.process.signal("-TERM");
    let PrivateServer { process, folder, .. } = server;
    let said = String::from_utf8(process.output().stderr).unwrap();
    assert!((17..30).contains(&said.lines().count()), "{said}");
    assert!(said.contains("the 2048th complaint of its kind; the next one told is the 4096th"), "{said}");
    drop(folder);
}

#[test]
fn a_server_whose_path_is_anothers_by_now_ends_and_leaves_it_alone() {
    let first = PrivateServer::with(&[Generation::V2]);
    let path = first.socket();
    fs::remove_file(&path).unwrap();
    let mut command = first.command(qiyong().to_str().unwrap());
    let mut second = Watched::start(command.args(["pcscd", "--socket", "socket", "--empty", "1"]));
    let mut lines = std::io::BufRead::lines(second.lines());
    assert!(lines.any(|line| line.unwrap().starts_with("listening")));
    first.process.signal("-TERM");
    let PrivateServer { process, folder, .. } = first;
    assert_eq!(process.output().status.code(), Some(0));
    assert_eq!(Raw::dial(&path).version(4, 4).rv, 0, "the second one serves");
    second.signal("-TERM");
    assert_eq!(second.output().status.code(), Some(0));
    assert!(!path.exists());
    drop(folder);
}

#[test]
fn a_server_that_never_got_its_path_back_ends_nevertheless() {
    let server = PrivateServer::with(&[Generation::V2]);
    fs::remove_file(server.socket()).unwrap();
    server.process.signal("-TERM");
    assert_eq!(server.process.output().status.code(), Some(0));
}
