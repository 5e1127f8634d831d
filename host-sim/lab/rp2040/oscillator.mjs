// The ring oscillator of the chip, of which software sees the level at the moment in which it looks (RP2040 data sheet, 2.17): by
// chance, or as of one that has gone wrong. The bits are the same in each run.
const RANDOM_BIT = 0x1c;

/** How the level comes, from a number by chance below 65,536 and how often it was looked at. */
const KINDS = {
  good: (chance) => chance < 32768,
  stuck: () => true,
  biased: (_, looks) => looks % 64 === 0,
  // Its frequency is a multiple of how often it is looked at.
  locked: (chance, looks) => [0, 1, 1, 0, 1][looks % 5] === 1,
};

/** Gives the chip an oscillator of this kind, which after so many looks goes wrong. */
export function oscillator(mcu, { kind = 'good', after = 0 } = {}) {
  let [state, looks] = [0x2545f491, 0];
  mcu.peripherals[0x40060] = {
    readUint32(offset) {
      // Of the others, of which all bits are set here, software asks whether the oscillator runs.
      if (offset !== RANDOM_BIT) return 0xffffffff;
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      looks += 1;
      return Number(KINDS[looks > after ? kind : 'good']((state >>> 8) & 0xffff, looks));
    },
    writeUint32Atomic() {},
  };
}
