//! Captures: other programs read what `qiyong scenario run --capture` writes.
//!
//! The VCD is read by `tests/src/vcd.rs`, which does not know how it was written; the pcapng by Wireshark's own
//! dissectors, in `tshark`. Both are compared with the events of the same scenario, played in this process.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{fs, io};

use tempfile::TempDir;

use qiyong::in_process::play;
use qiyong_protocol::iso7816::character::{Convention, Moments, Received};
use qiyong_sim::card::contact::Habits;
use qiyong_sim::line::{self, LineEvent};
use qiyong_sim::scenario::file::{Card as ScenarioCard, Scenario};
use qiyong_sim::world::event::{Apdu, Event};
use qiyong_tests::qiyong;
use qiyong_tests::vcd::{Character, Vcd};

/// Both conventions, all generations, with and without PPS, at bank, hospital and pharmacy.
const FILES: [&str; 4] = [
    "rule-pharmacy-first-purchase",
    "rule-hospital-first-settlement",
    "rule-card-v2-direct-convention",
    "rule-card-v2-inverse-convention",
];
/// When the clocks of [`FILES`] start, 2026-03-02T09:00:00+08:00, in seconds since 1970.
const START: u64 = 1_772_413_200;
/// Card clock cycles per second (4 MHz), written here independently.
const CLOCK_HZ: u64 = 4_000_000;
/// A deactivation takes at most one etu of 372 cycles, in ns. Clause 6.4 sets no limit; this is ours.
const DEACTIVATION_NS: u64 = 104_167;
/// A character and the least pause after it, 11 etu of 372 cycles, and a few changes of contacts, in ns. The world
/// writes a character down when it begins; what the world does immediately afterwards must wait so long in the capture.
const OUT_NS: u64 = 1_145_834 + 10;

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the repository").join("host-sim/scenarios")
}

fn scenario_file(name: &str) -> PathBuf {
    scenarios().join(format!("{name}.toml"))
}

/// The names of all scenario files, without extension.
fn all_names() -> Vec<String> {
    let paths = fs::read_dir(scenarios()).expect("the scenarios").map(|entry| entry.expect("an entry").path());
    let toml = paths.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    let mut names: Vec<_> = toml.map(|path| path.file_stem().unwrap().to_str().unwrap().to_string()).collect();
    names.sort();
    names
}

fn run(files: &[PathBuf], folder: &Path) -> Output {
    let mut command = Command::new(qiyong());
    command.args(["scenario", "run", "--capture"]).arg(folder).args(files);
    command.output().expect("the program starts")
}

/// Runs the program on scenarios; returns the folder with their captures.
fn captured(names: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let files: Vec<_> = names.iter().map(|name| scenario_file(name)).collect();
    // The program makes the folder itself.
    let output = run(&files, &folder.path().join("captures"));
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

fn capture(folder: &TempDir, name: &str, extension: &str) -> PathBuf {
    folder.path().join("captures").join(format!("{name}.{extension}"))
}

/// The scenario, and its events.
fn played(name: &str) -> (Scenario, Vec<(u64, Event)>) {
    let scenario = Scenario::load(&scenario_file(name)).unwrap_or_else(|error| panic!("{error}"));
    let played = play(&scenario).unwrap_or_else(|error| panic!("{name}: {error}"));
    (scenario, played.steps.into_iter().flat_map(|step| step.events).collect())
}

/// A character as the world wrote it down.
struct Traced {
    cycle: u64,
    rate: (u16, u8),
    byte: u8,
    parity_ok: bool,
    signalled: bool,
    frame: Moments,
}

impl Traced {
    /// The character on the contact, read in either convention.
    fn readings(&self) -> [(u8, bool); 2] {
        [Convention::Direct, Convention::Inverse].map(|convention| {
            let Received { byte, parity_ok } = convention.decode(self.frame);
            (byte, parity_ok)
        })
    }

    fn disturbed(&self) -> bool {
        !self.readings().contains(&(self.byte, self.parity_ok))
    }
}

fn traced(events: &[(u64, Event)]) -> Vec<Traced> {
    let character = |(cycle, event): &(u64, Event)| {
        let Event::Line(rate, event) = event else { return None };
        let (LineEvent::ToCard(character) | LineEvent::FromCard(character)) = event else { return None };
        let line::Character { byte, parity_ok, signalled, frame } = *character;
        Some(Traced { cycle: *cycle, rate: *rate, byte, parity_ok, signalled, frame })
    };
    events.iter().filter_map(character).collect()
}

fn ns(cycle: u64) -> u64 {
    u64::try_from(u128::from(cycle) * 1_000_000_000 / u128::from(CLOCK_HZ)).expect("584 years")
}

fn apdus(events: &[(u64, Event)]) -> Vec<(u64, &Apdu)> {
    let mut apdus = Vec::new();
    for (cycle, event) in events {
        if let Event::Apdu(apdu) = event {
            apdus.push((*cycle, &**apdu));
        }
    }
    apdus
}

#[test]
fn the_vcd_shows_every_character_in_its_time_and_convention_and_no_secret() {
    let names = all_names();
    let folder = captured(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let (mut characters, mut inverse, mut fast, mut hidden_bytes, mut signals) = (0, 0, 0, 0, 0);
    for name in &names {
        let (scenario, events) = played(name);
        let traced = traced(&events);
        let vcd = Vcd::read(&capture(&folder, name, "vcd"));
        let rates: Vec<_> = traced.iter().map(|character| character.rate).collect();
        let read = vcd.characters(&rates);

        let (mut shown, mut hidden) = (Vec::new(), Vec::new());
        // A visit may begin in the cycle in which the last one ended, and the rate may change while the answer to PPS
        // goes out.
        let latest = 2 * OUT_NS * scenario.steps.len() as u64;
        let mut before: Option<(u64, &Traced)> = None;
        for (number, (read, traced)) in read.iter().zip(&traced).enumerate() {
            let place = format!("{name}, character {number} at {} ns", read.start);
            let late = read.start.checked_sub(ns(traced.cycle));
            assert!(late.is_some_and(|late| late <= latest), "{place}: the bench says {} ns", ns(traced.cycle));
            // The distance from character to character is that of the world, unless the first one is not over by then.
            if let Some((start, before)) = before.filter(|_| !read.is_ts) {
                let (fi, di) = (u64::from(before.rate.0), u64::from(before.rate.1));
                let expected = ns(traced.cycle - before.cycle).max(ns((11 * fi).div_ceil(di)));
                assert!(expected.abs_diff(read.start - start) <= 300, "{place}: {expected} ns after {start}");
            }
            before = Some((read.start, traced));
            let Character { value, is_ts, signalled, .. } = *read;
            assert_eq!(signalled, traced.signalled, "{place}: error signal");
            signals += usize::from(signalled);
            match value {
                None => hidden.push(traced.byte),
                // The terminal receives TS as in direct convention.
                Some((0x3F, true)) if is_ts => {
                    inverse += 1;
                    assert_eq!((traced.byte, traced.parity_ok), (0x03, false), "{place}");
                }
                // The terminal knows what it sent, not what the contact shows after a disturbance.
                Some(value) if traced.disturbed() => assert!(traced.readings().contains(&value), "{place}"),
                Some(value) => assert_eq!(value, (traced.byte, traced.parity_ok), "{place}"),
            }
            shown.push(value.map(|(byte, _)| byte));
            fast += usize::from(traced.rate != (372, 1));
        }

        let masked = |hex: &str| hex.matches("**").count();
        let secrets_in: Vec<_> =
            apdus(&events).iter().map(|(_, apdu)| masked(&apdu.data) + masked(&apdu.response)).collect();
        // In T=1 the check character of a block with a secret is hidden too.
        let over_t1 = scenario.cards.iter().all(|card| card.new.protocol == 1);
        let checks = secrets_in.iter().filter(|count| over_t1 && **count > 0).count();
        let secret = secrets_in.iter().sum::<usize>() + checks;
        // A card with an ATR or habits of its own may be asked in other blocks, and puts bytes of its own between the secret
        // ones; and where both protocols occur, the check characters are not counted.
        let own_ways = |card: &ScenarioCard| card.atr.is_some() || card.habits != Habits::default();
        let both = !over_t1 && scenario.cards.iter().any(|card| card.new.protocol == 1);
        let own_ways = both || scenario.cards.iter().any(own_ways);
        // A command that the card could not answer any more is no APDU, but its characters are on the line.
        let cut_short = events.iter().any(|(_, event)| matches!(event, Event::SlotFailed(_)));
        // On a disturbed line, secret characters are repeated.
        let disturbed = scenario.steps.iter().any(|step| step.visit.noise.is_some() || !step.visit.faults.is_empty());
        let more = (cut_short || disturbed || own_ways) && hidden.len() > secret;
        assert!(hidden.len() == secret || more, "{name}: {} {secret}", hidden.len());

        let all: Vec<_> = traced.iter().map(|character| Some(character.byte)).collect();
        let packets = fs::read(capture(&folder, name, "pcapng")).expect("the packets");
        for secret in secrets(&scenario) {
            let secret: Vec<_> = secret.into_iter().map(Some).collect();
            hidden_bytes += all.windows(secret.len()).filter(|window| *window == secret).count();
            assert!(!shown.windows(secret.len()).any(|window| window == secret), "{name}: {secret:02X?} in the VCD");
            let bytes: Vec<_> = packets.iter().copied().map(Some).collect();
            assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{name}: {secret:02X?} in a packet");
        }
        characters += read.len();
    }
    // The runs must have contained what this test is about.
    assert!(characters > 20_000 && inverse >= 9 && fast > 1_000, "{characters} {inverse} {fast}");
    assert!(hidden_bytes > 100 && signals > 3, "{hidden_bytes} {signals}");
}

/// What a capture of this scenario must not contain: PINs in the form for cards, and ID numbers from the fourth
/// character to the last but two.
fn secrets(scenario: &Scenario) -> Vec<Vec<u8>> {
    let keyed = scenario.steps.iter().flat_map(|step| step.visit.pins.iter().chain(&step.visit.new_pins));
    let pins = keyed.chain(scenario.cards.iter().map(|card| &card.new.pin));
    let ids = scenario.cards.iter().map(|card| card.new.id_number.as_bytes());
    // Bytes such as those of 000000 and 000001 occur everywhere.
    let telling = |pin: &Vec<u8>| pin.len() > 2 && pin.iter().enumerate().all(|(at, byte)| !pin[..at].contains(byte));
    let pins = pins.map(|pin| pin.card_block().as_bytes().to_vec()).filter(telling);
    pins.chain(ids.map(|id| id[3..id.len() - 2].to_vec())).collect()
}

#[test]
fn every_deactivation_goes_rst_clk_io_vcc_within_its_bound() {
    let names = all_names();
    let folder = captured(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let mut deactivations = 0;
    for name in &names {
        let vcd = Vcd::read(&capture(&folder, name, "vcd"));
        for off in vcd.falls("VCC") {
            let last = |signal| vcd.falls(signal).take_while(|fall| *fall <= off).last().expect("a fall");
            let [rst, clk, io] = ["RST", "CLK_ON", "IO"].map(last);
            // Clause 6.4: unless CLK has been stopped in this state before.
            let stopped = clk < rst && vcd.level("CLK_ON", rst) == '0';
            assert!(
                (rst < clk || stopped) && clk < io && rst < io && io < off,
                "{name}: RST {rst}, CLK {clk}, I/O {io}, VCC {off} ns"
            );
            assert!(off - rst <= DEACTIVATION_NS, "{name}: from {rst} to {off} ns");
            for signal in ["RST", "CLK_ON", "IO"] {
                assert_eq!(vcd.level(signal, off), '0', "{name}: {signal} at {off} ns");
            }
            deactivations += 1;
        }
        for signal in ["VCC", "RST", "CLK_ON", "IO"] {
            assert_eq!(vcd.level(signal, u64::MAX), '0', "{name}: {signal} at the end");
        }
    }
    assert!(deactivations >= names.len(), "{deactivations} of {} scenarios", names.len());
}

/// What `tshark` prints about the packets of one interface of a capture: one row for each packet, with the named
/// fields.
fn tshark(file: &Path, interface: u8, fields: &[&str]) -> Vec<Vec<String>> {
    let preferences = tempfile::tempdir().expect("a folder");
    let mut command = Command::new("tshark");
    // Without a user's own preferences, and without looking up names.
    command.env("WIRESHARK_CONFIG_DIR", preferences.path()).args(["-n", "-r"]).arg(file);
    command.args(["-o", r#"uat:user_dlts:"User 0 (DLT=147)","iso7816.atr","0","","0","""#]);
    command.args(["-o", r#"uat:user_dlts:"User 1 (DLT=148)","iso7816","0","","0","""#]);
    command.args(["-o", "ip.check_checksum:TRUE", "-Y", &format!("frame.interface_id == {interface}")]);
    command.args(["-T", "fields", "-E", "separator=|"]).args(fields.iter().flat_map(|field| ["-e", field]));
    let output = match command.output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            panic!("tshark is missing: it comes with the Debian package tshark (`cargo xtask setup` installs it)")
        }
        output => output.expect("tshark starts"),
    };
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "tshark {}: {complaints}", file.display());
    let rows = String::from_utf8(output.stdout).expect("UTF-8");
    rows.lines().map(|row| row.split('|').map(str::to_string).collect()).collect()
}

/// The time of a packet as tshark prints it.
fn epoch(cycle: u64) -> String {
    let ns = ns(cycle);
    format!("{}.{:09}", START + ns / 1_000_000_000, ns % 1_000_000_000)
}

fn hex_field(byte: u8) -> String {
    format!("0x{byte:02x}")
}

/// In packets, a secret byte is a `*`.
fn starred(hex: &str) -> String {
    hex.replace("**", "2A").to_lowercase()
}

#[test]
fn tshark_reads_every_apdu_field_by_field() {
    let folder = captured(&FILES);
    for name in FILES {
        let (_, events) = played(name);
        let mut expected = Vec::new();
        for (cycle, apdu) in apdus(&events) {
            let [cla, ins, p1, p2] = apdu.header.map(hex_field);
            let length = |present: bool, length: usize| if present { hex_field(length as u8) } else { String::new() };
            let lc = length(!apdu.data.is_empty(), apdu.data.len() / 2);
            let le = length(apdu.ne > 0, apdu.ne);
            let [sw1, sw2] = apdu.sw.0.to_be_bytes().map(hex_field);
            let none = String::new;
            let time = epoch(cycle);
            expected.push(if apdu.header[0] & 0x80 == 0 {
                [time.clone(), cla, ins, p1, p2, lc, starred(&apdu.data), le, none(), none()]
            } else {
                // For a proprietary class this dissector shows no more; gsm_sim does.
                let [ins, p1, p2, lc, data, le] = [(); 6].map(|()| none());
                [time.clone(), cla, ins, p1, p2, lc, data, le, none(), none()]
            });
            let [cla, ins, p1, p2, lc, le] = [(); 6].map(|()| none());
            expected.push([time, cla, ins, p1, p2, lc, starred(&apdu.response), le, sw1, sw2]);
        }
        assert!(expected.len() >= 24, "{name}: a visit takes a dozen APDUs");
        let fields = ["cla", "ins", "p1", "p2", "lc", "body", "le", "sw1", "sw2"];
        let fields = fields.map(|field| format!("iso7816.apdu.{field}"));
        let fields: Vec<_> = ["frame.time_epoch"].into_iter().chain(fields.iter().map(String::as_str)).collect();
        let rows = tshark(&capture(&folder, name, "pcapng"), 2, &fields);
        assert_eq!(rows.len(), expected.len(), "{name}");
        for (number, (row, expected)) in rows.iter().zip(&expected).enumerate() {
            assert_eq!(row[..], expected[..], "{name}, packet {number} of interface 2: {fields:?}");
        }
    }
}

#[test]
fn tshark_reads_every_apdu_and_atr_as_gsmtap_sim() {
    let folder = captured(&FILES);
    let fields = [
        "frame.time_epoch",
        "ip.checksum.status",
        "udp.dstport",
        "frame.protocols",
        "gsm_sim.apdu.ins",
        "gsm_sim.apdu.p1",
        "gsm_sim.apdu.p2",
        "gsm_sim.apdu.p3",
        "gsm_sim.le",
        "gsm_sim.record_nr",
        "gsm_sim.apdu.data",
        "gsm_sim.apdu.sw",
        "udp.payload",
    ];
    let mut proprietary = 0;
    for name in FILES {
        let (_, events) = played(name);
        let file = capture(&folder, name, "pcapng");
        let told = events.iter().filter(|(_, event)| matches!(event, Event::Atr(_) | Event::Apdu(_)));
        let told: Vec<_> = told.collect();
        let rows = tshark(&file, 0, &fields);
        assert_eq!(rows.len(), told.len(), "{name}");
        for (row, (cycle, event)) in rows.iter().zip(told) {
            let [time, checksum, port, protocols, ins, p1, p2, p3, le, record, data, sw, payload] = &row[..] else {
                panic!("{name}: {row:?}");
            };
            assert_eq!((time, checksum, port), (&epoch(*cycle), &"1".to_string(), &"4729".to_string()), "{name}");
            assert!(protocols.starts_with("ip:udp:gsmtap:gsm_sim"), "{name}: {protocols}");
            let (header, payload) = payload.split_at(32);
            assert!(header.starts_with("020404"), "{name}: version 2, 4 words of header, type SIM");
            let sub_type = &header[24..26];
            let apdu = match event {
                Event::Apdu(apdu) => apdu,
                Event::Atr(atr) => {
                    assert_eq!((sub_type, payload), ("01", &*hex::encode(atr)), "{name}");
                    continue;
                }
                _ => unreachable!("neither ATR nor APDU"),
            };
            let length = if apdu.data.is_empty() { apdu.ne } else { apdu.data.len() / 2 } as u8;
            let [_, own_ins, own_p1, own_p2] = apdu.header;
            let both = starred(&format!("{}{}", apdu.data, apdu.response));
            let joined = format!("{}{length:02x}{both}{:04x}", hex::encode(apdu.header), apdu.sw.0);
            assert_eq!((sub_type, payload), ("00", &*joined), "{name}");
            assert_eq!(ins, &hex_field(own_ins), "{name}: {}", apdu.name);
            // Wireshark takes INTERNAL AUTHENTICATE for RUN GSM ALGORITHM, whose response is longer, so it finds no SW.
            if own_ins != 0x88 {
                assert_eq!(sw, &format!("0x{:04x}", apdu.sw.0), "{name}: {}", apdu.name);
            }
            // It shows the others where it has no better name for them.
            for (shown, own) in [(p1, own_p1), (p2, own_p2), (p3, length)] {
                assert!(shown.is_empty() || *shown == hex_field(own), "{name}: {} {row:?}", apdu.name);
            }
            // What the other interface does not decode is complete here.
            if apdu.header[0] & 0x80 != 0 {
                assert_eq!(
                    [p1, p2, p3, data],
                    [&hex_field(own_p1), &hex_field(own_p2), &hex_field(length), &both],
                    "{name}"
                );
                proprietary += 1;
            }
            if own_ins == 0xB2 {
                assert_eq!((record, le), (&own_p1.to_string(), &length.to_string()), "{name}: {}", apdu.name);
            }
        }
    }
    assert!(proprietary > 0, "no command of a proprietary class");
}

#[test]
fn tshark_reads_every_atr() {
    let folder = captured(&FILES);
    let parts = ["init_char", "t0", "ta", "tb", "tc", "td", "historical_bytes", "tck"];
    let parts = parts.map(|part| format!("iso7816.atr.{part}"));
    let mut fields = vec!["frame.time_epoch", "iso7816.atr.k"];
    fields.extend(parts.iter().map(String::as_str));
    for name in FILES {
        let (_, events) = played(name);
        let atrs: Vec<_> = events.iter().filter_map(|(cycle, event)| Some((cycle, as_atr(event)?))).collect();
        let rows = tshark(&capture(&folder, name, "pcapng"), 1, &fields);
        assert!(!atrs.is_empty() && rows.len() == atrs.len(), "{name}: {rows:?}");
        for (row, (cycle, atr)) in rows.iter().zip(atrs) {
            assert_eq!(row[0], epoch(*cycle), "{name}");
            assert_eq!(row[1], (atr[1] & 0x0F).to_string(), "{name}: number of historical bytes");
            // Our cards offer only T=0, so there is one set of interface characters, and the parts together are the
            // whole.
            let whole: String = row[2..].iter().map(|part| part.trim_start_matches("0x")).collect();
            assert_eq!(whole, hex::encode(atr), "{name}");
        }
    }
}

fn as_atr(event: &Event) -> Option<&[u8]> {
    if let Event::Atr(atr) = event { Some(atr) } else { None }
}

#[test]
fn two_runs_write_the_same_bytes_over_what_is_there() {
    let (first, second) = (captured(&FILES), captured(&FILES));
    let files: Vec<_> = FILES.map(scenario_file).into();
    assert_eq!(run(&files, &second.path().join("captures")).status.code(), Some(0));
    for name in FILES {
        for extension in ["vcd", "pcapng"] {
            let [a, b] = [&first, &second].map(|folder| fs::read(capture(folder, name, extension)).expect("a capture"));
            assert!(a == b, "{name}.{extension}");
        }
    }
    assert_eq!(fs::read_dir(first.path().join("captures")).unwrap().count(), 2 * FILES.len());
}

#[test]
fn what_cannot_be_written_is_named_and_nothing_is_overwritten_by_another() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |files: &[PathBuf], to: &Path| {
        let output = run(files, to);
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{complaint}");
        complaint
    };
    let original = scenario_file(FILES[0]);
    let copy = folder.path().join(format!("{}.toml", FILES[0]));
    fs::copy(&original, &copy).unwrap();
    let captures = folder.path().join("captures");
    let complaint = refused(&[original.clone(), copy.clone()], &captures);
    assert!(
        complaint.contains(original.to_str().unwrap()) && complaint.contains(copy.to_str().unwrap()),
        "{complaint}"
    );
    assert!(!captures.exists(), "nothing was made");

    // A file where the folder should be; a folder where a file should be.
    let complaint = refused(std::slice::from_ref(&original), &copy);
    assert!(complaint.contains(copy.to_str().unwrap()), "{complaint}");
    fs::create_dir_all(captures.join(format!("{}.vcd", FILES[0]))).unwrap();
    let complaint = refused(&[original], &captures);
    assert!(complaint.contains(&format!("{}.vcd", FILES[0])), "{complaint}");

    let text = fs::read_to_string(&copy).unwrap().replace("2026-03-02T09", "1926-03-02T09");
    let old = folder.path().join("old.toml");
    fs::write(&old, text.replace("2026-01-01", "1926-01-01").replace("2036-01-01", "1936-01-01")).unwrap();
    let complaint = refused(&[old], &captures);
    assert!(complaint.contains("old.pcapng") && complaint.contains("1970"), "{complaint}");
}

/// A capture has a card's whole dialogue with the holder's name in it.
#[test]
fn captures_are_their_owners_alone_whatever_was_there_before() {
    let folder = TempDir::new().unwrap();
    let name = FILES[0];
    let files = [".vcd", ".pcapng"].map(|extension| folder.path().join(format!("{name}{extension}")));
    fs::write(&files[0], "everybody's").unwrap();
    fs::set_permissions(&files[0], fs::Permissions::from_mode(0o644)).unwrap();
    assert!(run(&[scenario_file(name)], folder.path()).status.success());
    for file in files {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
}
