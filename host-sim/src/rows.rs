//! What is keyed on standard input, row by row. What was keyed may be a PIN, so that none of it stays behind in a
//! buffer: the standard library's own keeps all that it has ever read, until something else is written over it.

use std::io;

use zeroize::{Zeroize, Zeroizing};

/// Most rows are shorter. A longer one moves to a larger place, and the smaller one is wiped.
const ROOM: usize = 256;

/// The next row without its end; `None` at the end of input.
///
/// # Errors
/// Standard input cannot be read, or is not UTF-8.
pub(crate) fn next() -> io::Result<Option<Zeroizing<String>>> {
    let mut row = Zeroizing::new(Vec::with_capacity(ROOM));
    let mut is_over = true;
    imp::bytes(|byte| {
        is_over = false;
        if byte == b'\n' {
            return false;
        }
        if row.len() == row.capacity() {
            let mut more = Vec::with_capacity(2 * row.len());
            more.extend_from_slice(&row);
            row.zeroize();
            *row = more;
        }
        row.push(byte);
        true
    })?;
    if is_over {
        return Ok(None);
    }
    match String::from_utf8(std::mem::take(&mut *row)) {
        Ok(mut row) => {
            row.truncate(row.trim_end().len());
            Ok(Some(Zeroizing::new(row)))
        }
        Err(error) => {
            error.into_bytes().zeroize();
            Err(io::ErrorKind::InvalidData.into())
        }
    }
}

#[cfg(unix)]
mod imp {
    use std::fs::File;
    use std::io::{self, ErrorKind, Read};
    use std::os::fd::AsFd;

    use zeroize::Zeroizing;

    /// Gives bytes, one at a time, until it is told to stop or there are no more. One at a time, because what is read
    /// ahead would have to be kept.
    pub(super) fn bytes(mut takes: impl FnMut(u8) -> bool) -> io::Result<()> {
        let mut input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        let mut byte = Zeroizing::new([0]);
        loop {
            match input.read(&mut *byte) {
                Ok(0) => return Ok(()),
                Ok(_) if takes(byte[0]) => {}
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(not(unix))]
mod imp {
    use std::io::{self, BufRead};

    use zeroize::Zeroizing;

    /// Gives the bytes of the next row. A console elsewhere has no bytes that could be read past the standard library.
    pub(super) fn bytes(mut takes: impl FnMut(u8) -> bool) -> io::Result<()> {
        let mut row = Zeroizing::new(Vec::new());
        io::stdin().lock().read_until(b'\n', &mut row)?;
        row.iter().all(|byte| takes(*byte));
        Ok(())
    }
}
