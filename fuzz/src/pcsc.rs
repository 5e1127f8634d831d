//! What a program says to `qiyong pcscd`: pcsc-lite's messages, read from a stream.

use qiyong_pcsc::wire::{REQUEST_MAX, decode};

/// Any stream is cut into requests up to its end, an incomplete one or an error. A request takes at most what the server has
/// room for; more bytes behind it change nothing, and fewer make it incomplete, so that it does not matter in which pieces the
/// stream arrives.
pub(crate) fn any_stream(bytes: &[u8]) {
    let mut rest = bytes;
    while let Ok(Some((request, used))) = decode(rest) {
        assert!((8..=REQUEST_MAX).contains(&used) && used <= rest.len());
        let (own, behind) = rest.split_at(used);
        assert_eq!(decode(own), Ok(Some((request, used))), "what follows is not its business");
        assert_eq!(decode(&own[..used - 1]), Ok(None), "the last byte was due");
        assert_eq!(decode(&own[..used / 2]), Ok(None), "half of it was due");
        // What would go into a log shows no command data.
        assert!(!format!("{request:?}").contains("[1, 2, 3"));
        rest = behind;
    }
    assert!(!matches!(decode(rest), Ok(None)) || rest.len() < REQUEST_MAX, "nothing that long is incomplete");
}
