//! A folder with the library, its settings, a card, and a caller in C that is told line by line what to call.

#![allow(unreachable_pub, dead_code, reason = "each test takes what it needs")]

pub mod journey;
pub mod wine;

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use encoding_rs::GBK;
use qiyong_centre::hsm::Hsm;
use qiyong_protocol::card::codes::{CardNumber, IdNumber, Name, Region};
use qiyong_protocol::card::commands::join;
use qiyong_protocol::card::date::Date;
use qiyong_protocol::card::files::{Generation, key};
use qiyong_protocol::card::issue::NewCard;
use qiyong_protocol::card::keys::{Algorithm, CardKeys};
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::iso7816::character::Convention;
use qiyong_sim::card::os::VirtualCard;
use qiyong_sim::psam::VirtualPsam;
use tempfile::TempDir;

/// The holder whom the vendors' papers have made up.
pub const ID_NUMBER: &str = "111111198101011110";
pub const PIN: &str = "271828";

/// How long a caller may take for an answer; a virtual machine starts meanwhile.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder as a hospital has it.
pub struct Desk {
    pub folder: TempDir,
}

/// A compiler, and the file name of what it makes.
pub type Compiler = (&'static str, &'static [&'static str]);
pub const C: Compiler = ("cc", &["-x", "c", "-std=gnu11"]);
pub const CPP: Compiler = ("c++", &["-x", "c++", "-std=gnu++17"]);

impl Desk {
    /// With a card of this generation, in the file that the settings name.
    pub fn new(generation: Generation) -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        fs::copy(built_library(), desk.library()).unwrap();
        desk.settings("source = file card.toml\n");
        desk.put(&card(generation));
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn library(&self) -> PathBuf {
        self.path("libsscarddriver.so")
    }

    pub fn card_file(&self) -> PathBuf {
        self.path("card.toml")
    }

    pub fn settings(&self, lines: &str) {
        fs::write(self.path("SSCardDriver.ini"), format!("[SSCardDriver]\n{lines}")).unwrap();
    }

    pub fn put(&self, card: &VirtualCard) {
        card.save(&self.card_file()).unwrap();
    }

    /// Puts a PSAM beside the card, with all keys of the centre, and names it in the settings. `change` takes something away.
    pub fn psam(&self, more: &str, change: impl FnOnce(&mut VirtualPsam)) {
        let hsm = Hsm::test_keys();
        let keys = |algorithm| Some(hsm.psam_keys(algorithm));
        let mut psam =
            VirtualPsam::new([0x41, 0x01, 0x00, 0x81, 0x34, 0x75], keys(Algorithm::TripleDes), keys(Algorithm::Sm4));
        change(&mut psam);
        psam.save(&self.path("psam.toml")).unwrap();
        self.settings(&format!("source = file card.toml\npsam = file psam.toml\n{more}"));
    }

    /// The card as its file has it now.
    pub fn card(&self) -> VirtualCard {
        VirtualCard::load(&self.card_file()).unwrap()
    }

    /// Compiles `source`, a file beside this one's folder.
    pub fn compile(&self, (compiler, options): Compiler, source: &str, output: &str, more: &[&str]) -> PathBuf {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let program = self.path(output);
        let status = Command::new(compiler)
            .args(["-Wall", "-Wextra", "-Werror", "-I"])
            .arg(folder.join("include"))
            .args(options)
            .arg(folder.join("tests").join(source))
            .args(more)
            .arg("-o")
            .arg(&program)
            .status();
        let status = status.unwrap_or_else(|error| panic!("{compiler}: {error}: `cargo xtask setup` installs it"));
        assert!(status.success(), "{compiler} {source}");
        program
    }

    /// What the holder keys on the pad: to enter, the old one, the new one, and again.
    pub fn pins(&self, pins: [&str; 4]) {
        fs::write(self.path("pins"), pins.join("\n")).unwrap();
        let pad = "libTerminalProtocolKeyboard.so";
        if !self.path(pad).exists() {
            let define = format!("-DPINS=\"{}\"", self.path("pins").display());
            self.compile(C, "keyboard.c", pad, &["-shared", "-fPIC", &define]);
        }
    }

    pub fn caller(&self, compiler: Compiler) -> Caller {
        self.caller_of(compiler, &self.library())
    }

    /// A caller of another library.
    pub fn caller_of(&self, compiler: Compiler, library: &Path) -> Caller {
        let program = self.compile(compiler, "caller.c", "caller", &["-ldl"]);
        self.start(Command::new(program).arg(library))
    }

    /// A caller that is started by this command.
    pub fn start(&self, command: &mut Command) -> Caller {
        let child = command
            .env_remove("QIYONG_DRIVER_INI")
            .env("PCSCLITE_CSOCK_NAME", self.path("s"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{command:?}: {error}: `cargo xtask setup` installs it"));
        let (stdin, stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let (sender, lines) = channel();
        thread::spawn(move || stdout.lines().map_while(Result::ok).all(|line| sender.send(line).is_ok()));
        Caller { child, stdin, lines, fields: Vec::new() }
    }
}

/// The library that cargo has built beside this test.
fn built_library() -> PathBuf {
    let deps = env::current_exe().unwrap().parent().unwrap().to_path_buf();
    let places = [deps.join("libsscarddriver.so"), deps.parent().unwrap().join("libsscarddriver.so")];
    places.into_iter().find(|path| path.exists()).expect("cargo builds the library for its tests")
}

/// A process that calls the library.
pub struct Caller {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
    fields: Vec<Vec<u8>>,
}

impl Caller {
    /// The same for a call that writes nothing, whatever its buffer was.
    pub fn call_untouched(&mut self, call: &str) -> (i64, String) {
        let (result, text) = self.send(call);
        // The buffer's own bytes, up to its end.
        let untouched = text.iter().all(|byte| *byte == 0xA5);
        (result, if untouched { String::new() } else { format!("{text:02X?}") })
    }

    /// The result and the text. A text in `call` stands in quotes: `iReadCardBas_HSM_Step2 "key" o`.
    pub fn call(&mut self, call: &str) -> (i64, String) {
        let (result, text) = self.send(call);
        (result, GBK.decode_without_bom_handling_and_without_replacement(&text).expect("GBK").into_owned())
    }

    /// Whether the library has this name.
    pub fn has(&mut self, name: &str) -> bool {
        match self.line(&format!("?{name}")).as_str() {
            "1" => true,
            "0" => false,
            line => panic!("{name}: {line}"),
        }
    }

    /// How many threads the process has.
    pub fn threads(&self) -> usize {
        fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap().count()
    }

    /// The line that answers this one.
    pub fn line(&mut self, line: &str) -> String {
        writeln!(self.stdin, "{line}").unwrap_or_else(|error| panic!("{line}: the caller died: {error}"));
        let answer = self.lines.recv_timeout(PATIENCE);
        answer
            .unwrap_or_else(|error| panic!("{line}: the caller died or is mute: {error}"))
            .trim_end_matches('\r')
            .into()
    }

    fn send(&mut self, call: &str) -> (i64, Vec<u8>) {
        let words = call.split('"').enumerate().map(|(at, part)| {
            if at % 2 == 1 { format!("s{}", hex::encode(GBK.encode(part).0)) } else { part.to_string() }
        });
        let line = self.line(&words.collect::<String>());
        let mut words = line.split(' ');
        let mut word = || words.next().unwrap_or_else(|| panic!("{call}: {line}"));
        let (result, clean, text) = (word().parse().unwrap(), word(), hex::decode(word()).unwrap());
        assert_eq!(clean, "1", "{call}: something behind the NUL was written, or the result is no int");
        self.fields = words.map(|field| hex::decode(field).unwrap()).collect();
        (result, text)
    }

    /// The texts of the last call's buffers for fields, which were passed as `f`.
    pub fn fields(&self) -> Vec<String> {
        let text =
            |field: &Vec<u8>| GBK.decode_without_bom_handling_and_without_replacement(field).unwrap().into_owned();
        self.fields.iter().map(text).collect()
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn new_card(generation: Generation) -> NewCard {
    NewCard {
        generation,
        number: CardNumber::new_checked(b"X00000019").unwrap(),
        id_number: IdNumber::new(ID_NUMBER.as_bytes()).unwrap(),
        holder: Name::new(&GBK.encode("张三").0).unwrap(),
        area: Region::new("320100").unwrap(),
        issued: Date::new(2026, 1, 1).unwrap(),
        expires: Date::new(2036, 1, 1).unwrap(),
        pin: Pin::new(PIN.as_bytes()).unwrap(),
        pin_tries: 3,
        convention: Convention::Direct,
        protocol: 0,
        serial: 1,
        genuine: true,
    }
}

pub fn card(generation: Generation) -> VirtualCard {
    let new = new_card(generation);
    VirtualCard::personalised(&new, &Hsm::test_keys().issue(&new).unwrap())
}

/// What the centre's security module answers to the text of a step 1: internal and external result, in hex.
pub fn security_module(text: &str) -> [String; 2] {
    module_for(text, key::READ_SSSE)
}

/// The same for another key of the card.
pub fn module_for(text: &str, key_id: u8) -> [String; 2] {
    let Asked { keys, process, original, values: [factor, challenge] } = Asked::read(text);
    let (_, key) = keys.external.iter().find(|(id, _)| *id == key_id).unwrap();
    let scheme = Hsm::test_keys().scheme();
    let internal = scheme.internal_auth(&keys.irk, join(original, process));
    let eight = |bytes: &[u8]| <[u8; 8]>::try_from(bytes).unwrap();
    let external = scheme.external_auth(key, eight(&challenge), eight(&factor));
    [internal, external].map(|cryptogram| hex::encode_upper(cryptogram.0))
}

/// The text of a step 1, and the keys of its card.
pub struct Asked {
    pub keys: CardKeys,
    pub process: [u8; 8],
    pub original: [u8; 8],
    pub values: [Vec<u8>; 2],
}

impl Asked {
    pub fn read(text: &str) -> Self {
        let fields: Vec<_> = text.split('|').collect();
        let [region, history, algorithm, _ident, process, original, seventh, eighth, _terminal, _device, ""] =
            fields[..]
        else {
            panic!("ten fields, each closed: {text}")
        };
        let algorithm = if algorithm == "03" { Algorithm::Sm4 } else { Algorithm::TripleDes };
        let bytes = |hex: &str| hex::decode(hex).unwrap();
        let eight = |hex: &str| <[u8; 8]>::try_from(bytes(hex)).unwrap();
        Self {
            keys: Hsm::test_keys().card_keys(algorithm, &bytes(history), Region::new(region).unwrap()),
            process: eight(process),
            original: eight(original),
            values: [bytes(seventh), bytes(eighth)],
        }
    }

    pub fn internal(&self) -> String {
        let scheme = Hsm::test_keys().scheme();
        hex::encode_upper(scheme.internal_auth(&self.keys.irk, join(self.original, self.process)).0)
    }
}
