// The host's side of the chip's USB port, packet by packet. Transfers, and what they mean, are for whoever moves the chip on.
//
//   in:  "reset" | "setup" HEX | "out" [ENDPOINT, HEX] | "in" ENDPOINT | "cancel" ADDRESS (with 0x80 for an IN endpoint)
//   out: "attached" | "reset" | "in" ENDPOINT HEX | "out" ENDPOINT | "stall" ADDRESS
//
// A host's packet, or its wish for one, stays until the device takes or gives one: rp2040js by itself gives away whatever the device
// writes, so that a host which does not read would look like one that does.

const BUFFER_CONTROL = 0x80;
const AVAILABLE = 1 << 10;
const STALL = 1 << 11;
const FULL = 1 << 15;
const LENGTH = 0x3ff;
const ENABLED = 1 << 31;
/** A packet of 64 bytes at full speed, in nanoseconds. */
const PACKET = 50_000;

/** Returns the function that takes what goes in; `tell` is called with what comes out. */
export function usbHost(mcu, tell) {
  const { usbCtrl: usb, clock } = mcu;
  const hex = (bytes) => Buffer.from(bytes).toString('hex');
  /** What the host wants, by address: `null`, or the bytes that it gives. */
  const wants = new Map();
  const alarms = new Map();
  const place = (address) => BUFFER_CONTROL + 8 * (address & 15) + (address & 0x80 ? 0 : 4);
  const read = (address) => mcu.usbDPRAMView.getUint32(place(address), true);
  const write = (address, value) => mcu.usbDPRAMView.setUint32(place(address), value, true);

  /** Whether the device and the host have both come to where a packet can go. */
  function meet(address) {
    if (!wants.has(address)) return;
    const control = read(address);
    if (control & STALL) {
      wants.delete(address);
      tell('stall', address);
    } else if (control & AVAILABLE && !alarms.has(address)) {
      const alarm = clock.createAlarm(() => {
        alarms.delete(address);
        goes(address);
      });
      alarms.set(address, alarm);
      alarm.schedule(PACKET);
    }
  }

  function goes(address) {
    const endpoint = address & 15;
    const control = read(address);
    if (!wants.has(address) || !(control & AVAILABLE)) return;
    const isOut = !(address & 0x80);
    const enabled = endpoint === 0 || usb.readEndpointControlReg(endpoint, isOut) & ENABLED;
    if (!enabled) return;
    const given = wants.get(address);
    wants.delete(address);
    const at = usb.getEndpointBufferOffset(endpoint, isOut);
    if (isOut) {
      const bytes = given.subarray(0, control & LENGTH);
      mcu.usbDPRAM.set(bytes, at);
      write(address, (control & ~(AVAILABLE | LENGTH)) | FULL | bytes.length);
      tell('out', endpoint);
    } else {
      tell('in', endpoint, hex(mcu.usbDPRAM.subarray(at, at + (control & LENGTH))));
      write(address, control & ~(AVAILABLE | FULL));
    }
    usb.indicateBufferReady(endpoint, isOut);
  }

  usb.DPRAMUpdated = (offset) => {
    if (offset < BUFFER_CONTROL || offset >= BUFFER_CONTROL + 8 * 16) return;
    meet(((offset - BUFFER_CONTROL) >> 3) | (offset & 4 ? 0 : 0x80));
  };
  usb.onUSBEnabled = () => tell('attached');
  usb.onResetReceived = () => tell('reset');

  const want = (address, what) => {
    wants.set(address, what);
    meet(address);
  };
  const takes = {
    reset() {
      wants.clear();
      usb.resetDevice();
    },
    setup(bytes) {
      // A new request ends the one before (USB 2.0, 8.5.3).
      for (const address of [0, 0x80]) {
        wants.delete(address);
        write(address, read(address) & ~(AVAILABLE | STALL | FULL));
      }
      usb.sendSetupPacket(Buffer.from(bytes, 'hex'));
    },
    out: ([endpoint, bytes]) => want(endpoint, Buffer.from(bytes, 'hex')),
    in: (endpoint) => want(endpoint | 0x80, null),
    cancel: (address) => wants.delete(address),
  };
  return (what, value) => takes[what](value);
}
