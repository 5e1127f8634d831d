//! The settings: `SSCardDriver.ini` beside the library, or the file that `QIYONG_DRIVER_INI` names. They are read at every
//! call, so that a change needs no restart.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use encoding_rs::GBK;
use ini::{Ini, ParseOption};

use crate::code::Code;
use crate::failure::Failure;
use crate::interface::Interfaces;
use crate::place;

/// The variable that names the file.
pub const VARIABLE: &str = "QIYONG_DRIVER_INI";
/// The file beside the library.
pub const FILE: &str = "SSCardDriver.ini";
/// The section in it.
pub const SECTION: &str = "SSCardDriver";
/// The PIN pad's library beside this one, by the vendors' name (docs/driver.md §A.2).
pub const KEYBOARD: &str =
    if cfg!(windows) { "TerminalProtocolKeyboard.dll" } else { "libTerminalProtocolKeyboard.so" };

/// Where the card is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In the PC/SC reader whose name contains this; `any` is any reader.
    Reader(String),
    /// A card file.
    File(PathBuf),
    /// In a terminal at this serial port.
    Terminal(String),
}

/// What can be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where the card is: `source`.
    pub source: Source,
    /// Where a card without contacts is: `contactless`, a reader or a card file. `None`: in the file of `source`, if that is one.
    pub contactless: Option<Source>,
    /// The interfaces that the caller allows: iType.
    pub interfaces: Interfaces,
    /// The terminal's number, of a PSAM when there is one: `terminal`, 12 digits.
    pub terminal: String,
    /// Where the PSAM is, if there is one: `psam`, as `source`.
    pub psam: Option<Source>,
    /// What fills up a block of SM4 behind the terminal's eight bytes: `psam_filling`, `80` for 80 and zeros, `00` for zeros.
    pub psam_filling: u8,
    /// Whether records are written with a MAC, where a PSAM can make it: `write_mac`, yes or no.
    pub write_mac: bool,
    /// The centre whose HTTP service is the security module: `hsm`, http://ADDRESS:PORT, on this machine.
    pub hsm: Option<String>,
    /// The file with the token for it: `hsm_token`.
    pub hsm_token: Option<PathBuf>,
    /// The device's number: `device`, at most 20 characters.
    pub device: String,
    /// The PIN pad's library: `keyboard`.
    pub keyboard: Option<PathBuf>,
    /// The PIN is keyed on the pad of the card's own reader, and comes neither here nor to the caller: `pin`, pad or keyboard.
    pub readers_pad: bool,
    /// How long a person may take for a PIN: `pin_seconds`, 1 to 255.
    pub pin_seconds: u8,
    /// How long a thread waits for another, and then for another program's transaction: `busy_seconds`, 0 to 255.
    pub busy: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            source: Source::Reader("any".into()),
            contactless: None,
            interfaces: Interfaces::default(),
            // What a vendor answers without PSAM (docs/driver.md §A.2).
            terminal: "000000000000".into(),
            psam: None,
            psam_filling: 0x80,
            write_mac: false,
            hsm: None,
            hsm_token: None,
            device: "FFFFFFFFFFFFFF".into(),
            keyboard: None,
            readers_pad: false,
            pin_seconds: 30,
            busy: Duration::from_secs(5),
        }
    }
}

impl Settings {
    /// The settings now.
    ///
    /// # Errors
    /// The file cannot be read, or a value in it is wrong. No file at all is none: then all is as by default.
    pub fn load() -> Result<Self, Failure> {
        static FOLDER: LazyLock<Option<PathBuf>> = LazyLock::new(place::folder);
        let folder = FOLDER.as_ref();
        let named = env::var_os(VARIABLE).map(PathBuf::from);
        let beside = folder.map(|folder| folder.join(FILE));
        let mut settings = match (&named, &beside) {
            (Some(path), _) => Self::read(path)?,
            (None, Some(path)) if path.exists() => Self::read(path)?,
            _ => Self::default(),
        };
        if settings.keyboard.is_none() {
            settings.keyboard = folder.map(|folder| folder.join(KEYBOARD)).filter(|path| path.exists());
        }
        Ok(settings)
    }

    fn read(path: &Path) -> Result<Self, Failure> {
        let wrong = |words: String| Code::Reader.with(format!("{}:{words}", path.display()));
        let bytes = fs::read(path).map_err(|error| {
            wrong(if error.kind() == ErrorKind::NotFound { "没有配置文件".into() } else { error.to_string() })
        })?;
        // Editors on Windows write GBK, others UTF-8.
        let text = String::from_utf8(bytes).unwrap_or_else(|error| GBK.decode(error.as_bytes()).0.into_owned());
        Self::parse(&text, path.parent().unwrap_or(Path::new("."))).map_err(wrong)
    }

    /// Settings from the file's text; paths in it are relative to `folder`. The error is in words.
    fn parse(text: &str, folder: &Path) -> Result<Self, String> {
        // A backslash is a part of a path.
        let option = ParseOption { enabled_quote: false, enabled_escape: false, ..ParseOption::default() };
        let file = Ini::load_from_str_opt(text.trim_start_matches('\u{FEFF}'), option).map_err(|_| "格式错误")?;
        let mut settings = Self::default();
        for (key, value) in file.section(Some(SECTION)).into_iter().flat_map(|section| section.iter()) {
            settings.set(key, value.trim(), folder).map_err(|words| format!("{key}:{words}"))?;
        }
        Ok(settings)
    }

    fn set(&mut self, key: &str, value: &str, folder: &Path) -> Result<(), &'static str> {
        match key {
            "source" => self.source = source(value, folder).ok_or("应为reader NAME、file PATH或terminal PORT")?,
            "contactless" => {
                let named = source(value, folder).filter(|source| !matches!(source, Source::Terminal(_)));
                self.contactless = Some(named.ok_or("应为reader NAME或file PATH")?);
            }
            "psam" => {
                let place = source(value, folder).filter(|place| !matches!(place, Source::Terminal(_)));
                self.psam = Some(place.ok_or("应为reader NAME或file PATH")?);
            }
            "psam_filling" => {
                self.psam_filling = match value {
                    "80" => 0x80,
                    "00" => 0x00,
                    _ => return Err("应为80或00"),
                };
            }
            "write_mac" => {
                self.write_mac = match value {
                    "yes" => true,
                    "no" => false,
                    _ => return Err("应为yes或no"),
                };
            }
            "hsm" => {
                let good = value.starts_with("http://");
                self.hsm = Some(good.then(|| value.into()).ok_or("应为http://ADDRESS:PORT")?);
            }
            "hsm_token" => self.hsm_token = Some(folder.join(value)),
            "terminal" => {
                let good = value.len() == 12 && value.bytes().all(|byte| byte.is_ascii_digit());
                self.terminal = good.then(|| value.into()).ok_or("应为12位数字")?;
            }
            "device" => {
                let good = (1..=20).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_alphanumeric());
                self.device = good.then(|| value.into()).ok_or("应为1至20位字母或数字")?;
            }
            "keyboard" => self.keyboard = Some(folder.join(value)),
            "pin" => {
                self.readers_pad = match value {
                    "keyboard" => false,
                    "pad" => true,
                    _ => return Err("应为keyboard或pad"),
                };
            }
            "pin_seconds" => {
                self.pin_seconds = value.parse().ok().filter(|seconds| *seconds > 0).ok_or("应为1至255")?;
            }
            "busy_seconds" => {
                self.busy = Duration::from_secs(value.parse::<u8>().map_err(|_| "应为0至255")?.into());
            }
            _ => return Err("未知的设置"),
        }
        Ok(())
    }
}

fn source(value: &str, folder: &Path) -> Option<Source> {
    let (kind, rest) = value.split_once(char::is_whitespace)?;
    let rest = rest.trim_start();
    match kind {
        "reader" => Some(Source::Reader(rest.into())),
        "file" => Some(Source::File(folder.join(rest))),
        "terminal" => Some(Source::Terminal(rest.into())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Settings, String> {
        Settings::parse(text, Path::new("/etc/hospital"))
    }

    #[test]
    fn a_file_sets_what_it_names() {
        let text = "\u{FEFF}; comment\r\n[Device1]\r\nDllName=x\r\n[SSCardDriver]\r\nsource = reader Feitian bR301 \r\n\
                    terminal=410100813475\r\ndevice=A1\r\nkeyboard=pad\\x.so\r\npin_seconds=60\r\nbusy_seconds=0\r\n";
        let settings = parse(text).unwrap();
        assert_eq!(settings.source, Source::Reader("Feitian bR301".into()));
        assert_eq!((settings.terminal.as_str(), settings.device.as_str()), ("410100813475", "A1"));
        assert_eq!(settings.keyboard, Some("/etc/hospital/pad\\x.so".into()));
        assert_eq!((settings.pin_seconds, settings.busy), (60, Duration::ZERO));
        let source = |text: &str| parse(&format!("[SSCardDriver]\nsource={text}")).unwrap().source;
        assert_eq!(source("file cards/张三.toml"), Source::File("/etc/hospital/cards/张三.toml".into()));
        assert_eq!(source("file C:\\new\\card.toml"), Source::File("/etc/hospital/C:\\new\\card.toml".into()));
        assert_eq!(source("terminal /dev/ttyUSB0"), Source::Terminal("/dev/ttyUSB0".into()));
        let contactless = |text: &str| parse(&format!("[SSCardDriver]\ncontactless={text}")).unwrap().contactless;
        assert_eq!(contactless("reader PICC"), Some(Source::Reader("PICC".into())));
        assert_eq!(contactless("file c.toml"), Some(Source::File("/etc/hospital/c.toml".into())));
        let more =
            parse("[SSCardDriver]\npsam=file p.toml\npsam_filling=00\nwrite_mac=yes\nhsm_token=t\npin=pad\n").unwrap();
        assert!(more.readers_pad);
        assert_eq!(more.psam, Some(Source::File("/etc/hospital/p.toml".into())));
        assert_eq!((more.psam_filling, more.write_mac), (0, true));
        assert_eq!(more.hsm_token, Some("/etc/hospital/t".into()));
        assert_eq!(parse(""), Ok(Settings::default()));
    }

    /// The file beside the header, as it is handed out, and with its examples in force.
    #[test]
    fn the_file_that_is_handed_out_says_what_holds_without_it() {
        let text = include_str!("../include/SSCardDriver.ini");
        assert_eq!(parse(text), Ok(Settings::default()));
        for line in text.lines().filter_map(|line| line.strip_prefix(';')).filter(|line| !line.starts_with(' ')) {
            parse(&format!("[SSCardDriver]\n{line}\n")).unwrap_or_else(|words| panic!("{line}: {words}"));
        }
    }

    #[test]
    fn a_wrong_value_is_named_and_never_taken() {
        for (text, words) in [
            ("source=usb 1", "source:应为reader NAME、file PATH或terminal PORT"),
            ("contactless=terminal COM1", "contactless:应为reader NAME或file PATH"),
            ("terminal=12345", "terminal:应为12位数字"),
            ("psam=terminal x", "psam:应为reader NAME或file PATH"),
            ("psam_filling=8", "psam_filling:应为80或00"),
            ("write_mac=1", "write_mac:应为yes或no"),
            ("hsm=https://127.0.0.1", "hsm:应为http://ADDRESS:PORT"),
            ("device=", "device:应为1至20位字母或数字"),
            ("device=a|b", "device:应为1至20位字母或数字"),
            ("pin=x", "pin:应为keyboard或pad"),
            ("pin_seconds=0", "pin_seconds:应为1至255"),
            ("busy_seconds=256", "busy_seconds:应为0至255"),
            ("sources=file x", "sources:未知的设置"),
            ("nonsense", "格式错误"),
        ] {
            assert_eq!(parse(&format!("[SSCardDriver]\n{text}\n")).unwrap_err(), words, "{text}");
        }
    }
}
