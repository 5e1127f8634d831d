//! Flashes that do and do not compile, as documentation tests: the only ones that can await an error of the compiler. All are made
//! from one text, so that nothing but the numbers decides.

/// A test of a flash with these sizes and this region; with `fence`, one that must not compile.
macro_rules! flash {
    ($name:ident, $fence:literal, $read:literal, $write:literal, $erase:literal, $count:literal, $start:literal) => {
        #[doc = concat!(
                    "```", $fence, "\n",
                    "use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};\n",
                    "use qiyong_firmware::storage::Store;\n",
                    "struct Flash;\n",
                    "impl ErrorType for Flash { type Error = NorFlashErrorKind; }\n",
                    "impl ReadNorFlash for Flash {\n",
                    "    const READ_SIZE: usize = ", $read, ";\n",
                    "    fn read(&mut self, _: u32, _: &mut [u8]) -> Result<(), NorFlashErrorKind> { Ok(()) }\n",
                    "    fn capacity(&self) -> usize { 0 }\n",
                    "}\n",
                    "impl NorFlash for Flash {\n",
                    "    const WRITE_SIZE: usize = ", $write, ";\n",
                    "    const ERASE_SIZE: usize = ", $erase, ";\n",
                    "    fn erase(&mut self, _: u32, _: u32) -> Result<(), NorFlashErrorKind> { Ok(()) }\n",
                    "    fn write(&mut self, _: u32, _: &[u8]) -> Result<(), NorFlashErrorKind> { Ok(()) }\n",
                    "}\n",
                    "let _ = Store::<_, ", $count, ", ", $start, ">::recall(Flash);\n",
                    "```"
                )]
        mod $name {}
    };
}

flash!(the_stm32l4_fits, "", 8, 8, 2048, 8, 0);
flash!(small_writes_large_pages_and_a_later_region_fit, "", 1, 4, 131072, 2, 262144);
flash!(the_smallest_page_fits, "", 8, 8, 184, 2, 184);
flash!(reads_of_16_bytes_do_not, "compile_fail", 16, 8, 2048, 8, 0);
flash!(writes_of_16_bytes_do_not, "compile_fail", 8, 16, 2048, 8, 0);
flash!(pages_of_broken_words_do_not, "compile_fail", 8, 4, 2052, 8, 0);
flash!(pages_without_room_for_a_record_do_not, "compile_fail", 8, 8, 176, 8, 0);
flash!(a_single_page_does_not, "compile_fail", 8, 8, 2048, 1, 0);
flash!(a_region_that_begins_within_a_page_does_not, "compile_fail", 8, 8, 2048, 8, 1024);
flash!(a_region_beyond_32_bits_does_not, "compile_fail", 8, 8, 2048, 8, 0xFFFF_F800);
