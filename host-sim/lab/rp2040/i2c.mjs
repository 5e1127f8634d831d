// The bus I2C 0, with a "panel" that acknowledges at its address, or with "nobody", or "stuck": its lines are held down. Each byte takes its
// nine clocks, and a transfer that has ended is told: "i2c" HEX, without the address.
const INTERRUPT_MASK = 0x30;
const PANEL = 0x3c;
/** A clock of 400 kHz, in nanoseconds. */
const BIT = 2500;
const WRITES = 0;

/** Puts the bus there, as it is; `tell` is called with what comes out. */
export function i2cBus(mcu, is, tell) {
  const [bus] = mcu.i2c;
  let bytes = [];
  const later = (clocks, what) => mcu.clock.createAlarm(what).schedule(clocks * BIT);
  bus.onStart = () => is !== 'stuck' && later(1, () => bus.completeStart());
  bus.onConnect = (address, mode) => {
    bytes = [];
    later(9, () => bus.completeConnect(is === 'panel' && address === PANEL && mode === WRITES));
  };
  bus.onWriteByte = (byte) => {
    bytes.push(byte);
    later(9, () => bus.completeWrite(true));
  };
  bus.onStop = () => later(1, () => {
    if (bytes.length) tell('i2c', Buffer.from(bytes).toString('hex'));
    bytes = [];
    bus.completeStop();
  });
  // rp2040js has no way to write this register.
  const usual = bus.writeUint32.bind(bus);
  bus.writeUint32 = (offset, value) => {
    if (offset !== INTERRUPT_MASK) return usual(offset, value);
    bus.intEnable = value;
    bus.checkInterrupts();
  };
}
