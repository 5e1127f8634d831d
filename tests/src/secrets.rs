//! Looks for secrets in bytes: in memory of a process or a board, in files, in what programs say. A secret is looked
//! for in each form in which this house, or whoever writes it down, might have it. Nothing found is shown but the
//! secret's name, the form, and where it lies.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A secret, in the forms in which it is looked for.
pub struct Secret {
    /// What it is called in a table.
    pub name: &'static str,
    forms: Vec<(&'static str, Vec<u8>)>,
}

/// One that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is called.
    pub name: &'static str,
    /// In which form.
    pub form: &'static str,
    /// After how many bytes.
    pub at: usize,
}

impl Secret {
    /// A PIN: its digits as text; as two of a byte, with or without the F that fill up a block; and one of a byte. It
    /// must be long: six digits are three bytes, which chance makes, too.
    ///
    /// # Panics
    /// If it has fewer than twelve digits, or an odd number.
    #[must_use]
    pub fn pin(name: &'static str, digits: &str) -> Self {
        assert!(digits.len() >= 12 && digits.len().is_multiple_of(2), "a PIN that chance does not make");
        let mut secret = Self::text(name, digits);
        let one_each: Vec<u8> = digits.bytes().map(|digit| digit - b'0').collect();
        let two_each = one_each.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
        secret.forms.extend([("two digits a byte", two_each), ("a digit a byte", one_each)]);
        secret
    }

    /// A number or a name that is written in ASCII.
    #[must_use]
    pub fn text(name: &'static str, text: &str) -> Self {
        let mut secret = Self::bytes(name, text.as_bytes());
        secret.forms[0].0 = "text";
        secret.forms.push(("UTF-16", text.encode_utf16().flat_map(u16::to_le_bytes).collect()));
        secret
    }

    /// Bytes, such as a key.
    #[must_use]
    pub fn bytes(name: &'static str, bytes: &[u8]) -> Self {
        let hex = |upper: bool| {
            let digits = |byte: &u8| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") };
            bytes.iter().map(digits).collect::<String>().into_bytes()
        };
        let mut forms = vec![("bytes", bytes.to_vec()), ("hex", hex(true)), ("hex in small letters", hex(false))];
        // Whatever stands before it, but for the characters that have bits of what is around.
        for before in 0..3 {
            let text = STANDARD.encode([&vec![0; before], bytes].concat());
            let whole = (before * 8).div_ceil(6)..(before + bytes.len()) * 8 / 6;
            forms.push(("base64", text.as_bytes()[whole].to_vec()));
        }
        Self { name, forms }
    }

    /// Every form, for planting it.
    pub fn forms(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        self.forms.iter().map(|(form, bytes)| (*form, bytes.as_slice()))
    }
}

/// The secrets that lie in these bytes, each form once.
#[must_use]
pub fn search(bytes: &[u8], secrets: &[Secret]) -> Vec<Found> {
    let mut by_first: Vec<Vec<(&'static str, &'static str, &[u8])>> = vec![Vec::new(); 256];
    for secret in secrets {
        for (form, wanted) in secret.forms() {
            by_first[usize::from(wanted[0])].push((secret.name, form, wanted));
        }
    }
    let mut found: Vec<Found> = Vec::new();
    for (at, byte) in bytes.iter().enumerate() {
        for (name, form, wanted) in &by_first[usize::from(*byte)] {
            let is_new = || !found.iter().any(|other| other.name == *name && other.form == *form);
            if bytes[at..].starts_with(wanted) && is_new() {
                found.push(Found { name, form, at });
            }
        }
    }
    found
}

/// What a running process has in its memory: all that it can read itself, piece by piece with what the system calls it.
///
/// # Errors
/// The process is gone, or belongs to somebody else.
pub fn memory_of(process: u32) -> io::Result<Vec<(String, Vec<u8>)>> {
    let folder = PathBuf::from(format!("/proc/{process}"));
    let memory = File::open(folder.join("mem"))?;
    let mut pieces = Vec::new();
    for line in fs::read_to_string(folder.join("maps"))?.lines() {
        let mut words = line.split_whitespace();
        let range = words.next().and_then(|range| range.split_once('-'));
        let [Some(from), Some(to)] = [range.map(|range| range.0), range.map(|range| range.1)]
            .map(|end| end.and_then(|end| u64::from_str_radix(end, 16).ok()))
        else {
            continue;
        };
        let can_be_read = words.next().is_some_and(|rights| rights.starts_with('r'));
        let name = words.nth(3).unwrap_or("[anonymous]").to_string();
        let mut bytes = vec![0; usize::try_from(to - from).unwrap_or_default()];
        // The system's own pieces cannot be read from outside.
        if can_be_read && memory.read_exact_at(&mut bytes, from).is_ok() {
            pieces.push((name, bytes));
        }
    }
    Ok(pieces)
}

/// Every file below a folder, with its bytes.
///
/// # Errors
/// One cannot be read.
pub fn files_below(folder: &Path) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let kind = fs::symlink_metadata(&path)?.file_type();
        if kind.is_dir() {
            files.extend(files_below(&path)?);
        } else if kind.is_file() {
            files.push((path.clone(), fs::read(&path)?));
        }
    }
    files.sort();
    Ok(files)
}
