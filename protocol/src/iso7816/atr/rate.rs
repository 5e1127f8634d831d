//! The codes of Fi, Di and f(max) in TA1 and PPS1 (clause 8.3, tables 7 and 8).

/// Fi and f(max) in kHz by the high nibble of TA1 (clause 8.3, table 7); 0: RFU.
const FI_AND_F_MAX: [(u16, u16); 16] = [
    (372, 4_000),
    (372, 5_000),
    (558, 6_000),
    (744, 8_000),
    (1116, 12_000),
    (1488, 16_000),
    (1860, 20_000),
    (0, 0),
    (0, 0),
    (512, 5_000),
    (768, 7_500),
    (1024, 10_000),
    (1536, 15_000),
    (2048, 20_000),
    (0, 0),
    (0, 0),
];

/// Di by the low nibble of TA1 (clause 8.3, table 8); 0: RFU. The code 7 = 64 is new in the edition of 2006.
const DI: [u8; 16] = [0, 1, 2, 4, 8, 16, 32, 64, 12, 20, 0, 0, 0, 0, 0, 0];

/// The clock rate conversion integer Fi coded in the high nibble of `fi_di`, a TA1 or PPS1; `None`: RFU.
///
/// One etu lasts Fi / Di clock cycles.
pub fn decode_fi(fi_di: u8) -> Option<u16> {
    table_7(fi_di).map(|(fi, _)| fi)
}

/// The highest clock frequency in kHz that belongs to [`decode_fi`]; `None`: RFU.
pub fn decode_f_max(fi_di: u8) -> Option<u16> {
    table_7(fi_di).map(|(_, f_max)| f_max)
}

/// The baud rate adjustment integer Di coded in the low nibble of `fi_di`, a TA1 or PPS1; `None`: RFU.
pub fn decode_di(fi_di: u8) -> Option<u8> {
    DI.get(usize::from(fi_di & 0x0F)).copied().filter(|&di| di != 0)
}

fn table_7(fi_di: u8) -> Option<(u16, u16)> {
    FI_AND_F_MAX.get(usize::from(fi_di >> 4)).copied().filter(|&(fi, _)| fi != 0)
}
