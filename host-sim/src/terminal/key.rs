//! The key by which the terminal's messages are proved, from a file that nobody but its owner may read.
//!
//! Not here: who makes it (`terminal.register` at the centre), and what it is good for there.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use qiyong_centre::{is_open_to_others, test_mac_key};
use qiyong_protocol::centre::iso8583::mac::X919;

/// More than the digits, and whatever white space stands around them.
const FILE_MAX: u64 = 256;

/// The key in this file; without one the published key of all tests, which a centre with test keys alone believes.
pub(crate) fn read(file: Option<&Path>) -> Result<X919, String> {
    let Some(path) = file else { return Ok(test_mac_key()) };
    let shown = path.display();
    let wrong = |error: std::io::Error| format!("{shown}: the terminal's key cannot be read: {error}");
    let mut open = File::open(path).map_err(wrong)?;
    if is_open_to_others(&open.metadata().map_err(wrong)?) {
        return Err(format!(
            "{shown}: others may read this file, and it holds a terminal's key: chmod 600 {shown}; if others have read it, \
             give the terminal another key (qiyong centre terminal rekey)"
        ));
    }
    // Room for all of it from the start, so that no copy of it stays behind.
    let mut text = Zeroizing::new(String::with_capacity(FILE_MAX as usize + 1));
    let not_a_key = || {
        format!(
            "{shown}: this is no terminal's key: it must hold the 32 hex digits that qiyong centre terminal register \
             shows, and nothing else"
        )
    };
    open.by_ref().take(FILE_MAX + 1).read_to_string(&mut text).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => not_a_key(),
        _ => wrong(error),
    })?;
    let mut key = Zeroizing::new([0; 16]);
    hex::decode_to_slice(text.trim(), key.as_mut_slice()).map_err(|_| not_a_key())?;
    Ok(X919::new(*key))
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const KEY: &str = "0123456789ABCDEFFEDCBA9876543210";

    #[test]
    fn a_key_is_read_from_its_owners_file_alone_and_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("till.key");
        let try_with = |text: &[u8], mode| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            read(Some(&path)).map(|key| hex::encode_upper(key.expose()))
        };
        for text in [KEY.to_owned(), format!("{KEY}\n"), KEY.to_lowercase(), format!("  {KEY}\r\n")] {
            assert_eq!(try_with(text.as_bytes(), 0o600).as_deref(), Ok(KEY));
            assert_eq!(try_with(text.as_bytes(), 0o400).as_deref(), Ok(KEY));
        }
        for mode in [0o640, 0o604, 0o644, 0o620, 0o660] {
            let error = try_with(KEY.as_bytes(), mode).unwrap_err();
            assert!(error.contains("chmod 600") && error.contains("rekey") && !error.contains(KEY), "{error}");
        }
        let long = KEY.repeat(9);
        for text in ["", "0123", &KEY[1..], &format!("{KEY}00"), &KEY.replace('F', "G"), &format!("{KEY} {KEY}"), &long]
        {
            let error = try_with(text.as_bytes(), 0o600).unwrap_err();
            assert!(error.contains("32 hex digits"), "{text}: {error}");
            assert!(!error.contains("0123456789") && !error.contains("FEDC"), "{error}");
        }
        assert!(try_with(&[0xFF; 32], 0o600).unwrap_err().contains("32 hex digits"));
        let missing = read(Some(&folder.path().join("none"))).unwrap_err();
        assert!(missing.contains("none") && missing.contains("cannot be read"), "{missing}");
        assert_eq!(read(None).unwrap().expose(), test_mac_key().expose());
    }
}
