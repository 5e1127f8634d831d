//! Target for what a program sends to `qiyong pcscd`: pcsc-lite's messages, read from a stream.

use qiyong_pcsc::wire::{REQUEST_MAX, decode};

/// Any stream is divided into requests, up to its end, an incomplete request or an error. No request is larger than the
/// server's buffer. Further bytes after a request do not change it, and fewer bytes make it incomplete: so it does not
/// matter in which pieces the stream arrives.
pub(crate) fn any_stream(bytes: &[u8]) {
    let mut rest = bytes;
    while let Ok(Some((request, used))) = decode(rest) {
        assert!((8..=REQUEST_MAX).contains(&used) && used <= rest.len());
        let (own, behind) = rest.split_at(used);
        assert_eq!(decode(own), Ok(Some((request, used))), "what follows is not its business");
        assert_eq!(decode(&own[..used - 1]), Ok(None), "the last byte was due");
        assert_eq!(decode(&own[..used / 2]), Ok(None), "half of it was due");
        // The form for logs shows no command data.
        assert!(!format!("{request:?}").contains("[1, 2, 3"));
        rest = behind;
    }
    assert!(!matches!(decode(rest), Ok(None)) || rest.len() < REQUEST_MAX, "nothing that long is incomplete");
}
