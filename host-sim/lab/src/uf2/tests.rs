//! Images made up for it, and what is refused. That a real image makes the same flash as its ELF is for the tests at
//! the pico.

use super::*;

/// A segment with these bytes.
fn segment(number: usize, load: u64, data: Vec<u8>) -> Segment {
    let run = load..load + data.len() as u64;
    Segment { number, load, data, run }
}

/// The second stage with its check sum, and behind it these two words.
fn image(stack: u32, reset: u32) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..252).collect();
    let sum = Crc::<u32>::new(&CRC_32_MPEG_2).checksum(&bytes);
    [sum, stack, reset].iter().for_each(|word| bytes.extend(word.to_le_bytes()));
    bytes
}

#[test]
fn whole_sectors_without_a_gap_and_each_page_a_block() {
    let segments = [segment(3, 0x1000_1FFF, vec![1, 2]), segment(0, FLASH.start, image(0x2000_4000, 0x1000_0101))];
    let flash = laid_out(&segments).unwrap();
    assert_eq!(
        (flash.len(), flash[0x1FFE], flash[0x1FFF], flash[0x2000], flash[0x2001]),
        (3 * SECTOR, 0xFF, 1, 2, 0xFF)
    );
    let file = blocks(&flash);
    assert_eq!(file.len(), 48 * BLOCK);
    for (number, block) in (0..).zip(file.chunks(BLOCK)) {
        let word = |at: usize| u32::from_le_bytes(block[at..at + 4].try_into().unwrap());
        let all = [0, 4, 8, 12, 16, 20, 24, 28, 508].map(word);
        let expected =
            [0x0A32_4655, 0x9E5D_5157, 0x2000, 0x1000_0000 + 256 * number, 256, number, 48, 0xE48B_FF56, 0x0AB1_6F30];
        assert_eq!(all, expected, "{number}");
        let at = 256 * number as usize;
        assert_eq!(block[32..288], flash[at..at + 256], "{number}");
        assert!(block[288..508].iter().all(|byte| *byte == 0), "{number}");
    }
}

#[test]
fn what_a_pico_could_not_start_is_refused() {
    let good = || segment(0, FLASH.start, image(0x2000_4000, 0x1000_0101));
    assert!(laid_out(&[good()]).is_ok());
    // The last byte of flash is one, and the next is none; nor is the one before.
    assert!(laid_out(&[good(), segment(1, FLASH.end - 1, vec![0])]).is_ok());
    for (at, len) in
        [(FLASH.end - 1, 2), (FLASH.start - 1, 2), (0x0800_0000, 4), (0x2000_0000, 4), (0, 1), (0xFFFF_FFFF, 1)]
    {
        let outside = segment(1, at, vec![0; len]);
        let unfit = Unfit::NotInFlash { number: 1, loaded: outside.loaded() };
        assert_eq!(laid_out(&[good(), outside]), Err(unfit));
    }
    // What is reserved is not loaded.
    assert!(laid_out(&[good(), segment(1, 0x2000_0000, Vec::new())]).is_ok());

    assert!(matches!(laid_out(&[]), Err(Unfit::NoBoot2 { .. })));
    assert!(matches!(laid_out(&[segment(0, 0x1000_0100, vec![1; 64])]), Err(Unfit::NoBoot2 { .. })));
    for at in [0, 100, 251, 252, 255] {
        let mut bytes = image(0x2000_4000, 0x1000_0101);
        bytes[at] ^= 1;
        assert!(matches!(laid_out(&[segment(0, FLASH.start, bytes)]), Err(Unfit::NoBoot2 { .. })), "{at}");
    }
    let vectors = |stack, reset| laid_out(&[segment(0, FLASH.start, image(stack, reset))]);
    assert!(vectors(0x2004_2000, 0x1000_0FFF).is_ok() && vectors(0x2000_0004, 0x1000_0001).is_ok());
    for (stack, reset) in [
        (0x2004_2004, 0x1000_0101),
        (0x2000_0000, 0x1000_0101),
        (0, 0x1000_0101),
        (0x2000_4000, 0x1000_0100),
        (0x2000_4000, 0x1000_1001),
        (0x2000_4000, 0x0800_0101),
        (u32::MAX, u32::MAX),
    ] {
        assert_eq!(vectors(stack, reset), Err(Unfit::NoVectors { stack, reset }));
    }
}
