// An RP2040 in rp2040js, moved on by whoever writes to standard input, one JSON object a line; each is answered by one.
//
// What rp2040js does by timers of the host is done here in step with the core: its state machines (PIO) with their dividers, and
// bytes on the serial lines at the times that they are given. Its PWM stands still, since CLK has too many edges: whether CLK runs is
// told by its pin. The boot ROM's functions for the flash are done here, too, so that the flash can be written.
//
// A time is a number of cycles of the system clock, 125 MHz, since the start. Two runs with the same input are the same to the cycle.
//
//   {"load": {"image": FILE, "log": ADDRESS}}    starts the image, an ELF or a UF2; the rest of the flash is erased. When the core
//                                                falls asleep and this word has changed, "log" comes out. "ring": see
//                                                oscillator.mjs. "bus": see i2c.mjs. "kept": what another chip has kept over its reset: then its
//                                                flash and its time go on here
//   {"run": UNTIL, "in": [[CYCLE, WHAT, ...]]}   goes on until something comes out, but not beyond UNTIL; `in` is what goes in:
//                                                "pin" NUMBER LEVEL | "still" NUMBER: it is high, and what was to come at it
//                                                does not | "uart" NUMBER BYTE | "usb" WHAT: see usb.mjs
//     -> {"now": CYCLE, "out": [...]}            "pin" NUMBER 0, 1, 2 (CLK runs) or null (not driven) |
//                                                "uart" NUMBER BYTE | "usb" WHAT | "i2c" HEX | "log" | "restart": a reset, and the end here
//   {"keep": true}                               -> {"kept": WHAT}: what outlives a reset
//   {"read": [ADDRESS, LENGTH]}                  -> {"bytes": HEX}
//   {"write": [ADDRESS, HEX]}                    -> {}
//   {"worked": true}                             -> {"cycles": NUMBER}: for which the core did not sleep
//   {"wear": BOOLEAN}                            from now on the flash takes nothing, or does again
import fs from 'node:fs';
import readline from 'node:readline';
import { RP2040 } from 'rp2040js';
import { i2cBus } from './i2c.mjs';
import { oscillator } from './oscillator.mjs';
import { usbHost } from './usb.mjs';

const NANOS = 8; // a cycle
const FLASH = 0x10000000;
const SECTOR = 4096;
/** The pins that are told when they change: the contacts I/O, CLK, RST, VCC, 5 V; and the lights. */
const PINS = [2, 3, 4, 5, 6, 16, 17, 18, 25];
/** The button, which a pull-up holds high. */
const CANCEL_KEY = 15;
const IO = 2;
const CLK = 3;

const mcu = new RP2040();
mcu.logger = {
  debug() {},
  // All that rp2040js does of this instruction.
  info(who, what) { if (what === 'SEV') mcu.core.eventRegistered = true; },
  warn() {},
  error(...words) { process.stderr.write(words.join(' ') + '\n'); },
};
const now = () => Math.round(mcu.clock.nanos / NANOS);

/** What has come out since the last answer. */
let out = [];
/** What goes in, in the order of time. */
let coming = [];

// The registers of the flash cache, which is not modelled, read as zeros.
mcu.peripherals[0x14000] = { readUint32: () => 0, writeUint32Atomic() {} };

// --- Interrupts: what software has pended is pending until it is served, and what a part of the chip asks for as long as that does.
let levels = 0;
const { core } = mcu;
const HARDWARE = 26;
const usual = {
  set: core.setInterrupt.bind(core),
  entry: core.exceptionEntry.bind(core),
  exit: core.exceptionReturn.bind(core),
};
core.setInterrupt = (irq, value) => {
  levels = value ? levels | (1 << irq) : levels & ~(1 << irq);
  usual.set(irq, value);
};
core.exceptionEntry = (number) => {
  if (number >= 16 && number - 16 < HARDWARE) core.pendingInterrupts &= ~(1 << (number - 16));
  usual.entry(number);
};
core.exceptionReturn = (how) => {
  usual.exit(how);
  core.pendingInterrupts |= levels;
  core.interruptsUpdated = true;
};

// --- PIO: a machine is stepped when its own time has come.
for (const pio of mcu.pio) {
  pio.run = () => {};
}
const machines = mcu.pio.flatMap((pio) => pio.machines.map((machine) => ({ machine, pio, at: 0, was: false })));
const divider = (machine) => (machine.clockDivInt || 65536) + machine.clockDivFrac / 256;
/** Something has happened to a machine that may let it begin or stop: most instructions of the core do nothing of the kind. */
let stirred = true;
/** The machine that is next, once nothing is stirred. */
let first = null;
const stirs = (owner, name) => {
  const usual = owner[name].bind(owner);
  owner[name] = (...all) => { stirred = true; return usual(...all); };
};
for (const pio of mcu.pio) stirs(pio, 'writeUint32');
for (const { machine } of machines) ['readFIFO', 'writeFIFO'].forEach((name) => stirs(machine, name));

// A change of how a machine's two queues are joined empties them (RP2040 data sheet, 3.5.4.1).
const SHIFT_CONTROL = 8;
for (const { machine } of machines) {
  const usual = machine.writeUint32.bind(machine);
  machine.writeUint32 = (offset, value) => {
    if (offset === SHIFT_CONTROL && (machine.shiftCtrl ^ value) >>> 30) {
      while (!machine.rxFIFO.empty) machine.rxFIFO.pull();
      while (!machine.txFIFO.empty) machine.txFIFO.pull();
      machine.pio.checkInterrupts();
    }
    usual(offset, value);
  };
}

/** When a machine does its next step; never if it is off, or waits for what only others can bring. */
function due({ machine, at }) {
  return machine.enabled && !machine.waiting ? at : Infinity;
}

/** A machine begins, or goes on, at a tick of its divider from now on; and the one that is next is found. */
function wakeMachines() {
  const time = now();
  let soonest = Infinity;
  first = null;
  for (const entry of machines) {
    const { machine } = entry;
    const runs = machine.enabled && !machine.waiting;
    if (runs && !entry.was) {
      // One tick for the instruction that has waited, and its delay.
      const delay = entry.waited ? 1 + Math.max(machine.waitDelay, 0) : 1;
      entry.at = time + delay * divider(machine);
    }
    entry.was = runs;
    entry.waited = machine.enabled && machine.waiting;
    if (runs && entry.at < soonest) [first, soonest] = [entry, entry.at];
  }
  stirred = false;
}

function stepMachine(entry) {
  const { machine, pio } = entry;
  const before = machine.cycles;
  machine.step();
  entry.at += Math.max(machine.cycles - before, 1) * divider(machine);
  entry.was = machine.enabled && !machine.waiting;
  entry.waited = machine.enabled && machine.waiting;
  pio.checkChangedPins();
}

// --- Pins: who drives I/O is told, and the wire is low as long as anybody pulls it.
const driven = new Map();
let cardPulls = false;
function wire() {
  const level = !(driven.get(IO) === 0 || cardPulls);
  if (mcu.gpio[IO].rawInputValue === level) return;
  stirred = true;
  mcu.gpio[IO].setInputValue(level);
}
function told(pin) {
  const { outputEnable, outputValue, outputOverride, functionSelect } = mcu.gpio[pin];
  const runs = functionSelect === 4 && mcu.pwm.channels[1].csr & 1;
  if (pin === CLK && outputOverride === 0 && runs) return 2;
  return outputEnable ? Number(outputValue) : null;
}
function look(pin) {
  const level = told(pin);
  if (driven.get(pin) === level) return;
  driven.set(pin, level);
  out.push([now(), 'pin', pin, level]);
  if (pin === IO) wire();
}
for (const pin of PINS) {
  driven.set(pin, null);
  mcu.gpio[pin].addListener(() => look(pin));
}
// A pin that is given to a part of the chip need not change its level by that.
const io = mcu.findPeripheral(0x40014000);
const usualIo = io.writeUint32.bind(io);
io.writeUint32 = (offset, value) => {
  usualIo(offset, value);
  PINS.forEach(look);
};
mcu.pwm.channels.forEach(({ alarmA, alarmB, alarmBottom }) => {
  for (const alarm of [alarmA, alarmB, alarmBottom]) alarm.enable = false;
});

// --- Serial lines: each byte that goes out takes its time, and then the interrupt comes that says so.
const SENT = 1 << 5;
const DMA_CONTROL = 0x48;
mcu.uart.forEach((uart, number) => {
  const usualRead = uart.readUint32.bind(uart);
  uart.readUint32 = (offset) => (offset === DMA_CONTROL ? 0 : usualRead(offset));
  uart.checkInterrupts = () => mcu.setInterrupt(uart.irq, (uart.interruptStatus & uart.interruptMask) !== 0);
  let free = 0;
  uart.onByte = (byte) => {
    const start = Math.max(free, mcu.clock.nanos);
    free = start + 10e9 / uart.baudRate;
    mcu.clock.createAlarm(() => {
      out.push([now(), 'uart', number, byte]);
      uart.interruptStatus |= SENT;
      uart.checkInterrupts();
    }).schedule(free - mcu.clock.nanos);
  };
});

const usb = usbHost(mcu, (...what) => out.push([now(), 'usb', ...what]));

// --- The boot ROM (RP2040 data sheet, 2.8.3): a table of functions, each of which is done here.
const LOOKUP = 0x100;
/** The flash takes nothing. */
let worn = false;
const FUNCTIONS = {
  C4: (to, from, length) => copy(to, from, length),
  MC: (to, from, length) => copy(to, from, length),
  IF() {}, EX() {}, FC() {}, CX() {},
  RE(offset, length) {
    if (!worn) mcu.flash.fill(0xff, offset, offset + length);
    busy((length / SECTOR) * 45_000_000);
  },
  RP(offset, from, length) {
    for (let at = 0; at < length && !worn; at++) mcu.flash[offset + at] &= mcu.readUint8(from + at);
    busy((length / 256) * 400_000);
  },
};
const names = Object.keys(FUNCTIONS);
const address = (index) => 0x200 + 16 * index;
function copy(to, from, length) {
  for (let at = 0; at < length; at++) mcu.writeUint8(to + at, mcu.readUint8(from + at));
}
/** Nothing runs for so long, in nanoseconds. */
function busy(nanos) { passes(mcu.clock.nanos + nanos); }
mcu.bootrom[0x14 / 4] = 0x0300 | (0x0300 << 16);
mcu.bootrom[0x18 / 4] = LOOKUP | 1;
function rom() {
  const [a, b, c] = core.registers;
  const at = core.PC;
  if (at === LOOKUP) {
    const name = String.fromCharCode(b & 0xff, (b >>> 8) & 0xff);
    if (!names.includes(name)) throw new Error(`the boot ROM's function ${name} is not done here`);
    core.registers[0] = address(names.indexOf(name)) | 1;
  } else {
    const name = names[(at - 0x200) / 16];
    if (!name) throw new Error(`the boot ROM is called at ${at.toString(16)} from ${core.LR.toString(16)}`);
    FUNCTIONS[name](a, b, c);
  }
  core.PC = core.LR & ~1;
}

// --- Time.
/** When something happens besides the core, but for alarms, in nanoseconds. */
function soonest() {
  if (stirred) wakeMachines();
  return Math.min(first ? due(first) * NANOS : Infinity, coming.length ? coming[0][0] * NANOS : Infinity);
}
/** Lets time pass to `nanos`, with all that happens until then besides the core. */
function passes(nanos) {
  for (;;) {
    const at = soonest();
    const next = Math.min(at, nanos);
    if (next > mcu.clock.nanos) mcu.clock.tick(next - mcu.clock.nanos);
    if (at > nanos) return;
    // An alarm may have stirred something.
    if (stirred) continue;
    if (coming.length && coming[0][0] * NANOS === at) takeIn(coming.shift());
    else stepMachine(first);
    stirred = true;
  }
}
function takeIn([, what, number, value]) {
  if (what === 'usb') usb(number, value);
  else if (what === 'still') takeIn([0, 'pin', number, 1]);
  else if (what === 'uart') mcu.uart[number].feedByte(value);
  else if (number === IO) { cardPulls = value === 0; wire(); }
  else mcu.gpio[number].setInputValue(value !== 0);
}

// --- Resets: by the watchdog, by software, and what rp2040js does not do, faults of the core. The chip that starts then is another
// program's; here nothing goes on.
const watchdog = mcu.findPeripheral(0x40058000);
const AIRCR = 0xd0c;
const SYSRESETREQ = 4;
const HARD_FAULT = 3;
let restarts = false;
const restart = (reason) => {
  restarts = true;
  watchdog.reason = reason;
  out.push([now(), 'restart']);
};
watchdog.onWatchdogTrigger = () => {
  // Else rp2040js sets it anew for no time at all, again and again.
  watchdog.alarm.enable = false;
  restart(watchdog.reason);
};
const usualPpb = mcu.ppb.writeUint32.bind(mcu.ppb);
mcu.ppb.writeUint32 = (offset, value) => {
  if (offset === AIRCR && value & SYSRESETREQ) restart(0);
  else usualPpb(offset, value);
};
mcu.onBreak = () => {
  core.PC -= core.breakRewind;
  core.exceptionEntry(HARD_FAULT);
};
/** The flash of the board; the chip could have more. */
const FLASH_LEN = 2 * 1024 * 1024;

let logWord = 0;
let logged = 0;
/** Whether the image has logged something that was not told. */
function logs() {
  const word = mcu.readUint32(logWord);
  if (word === logged) return false;
  logged = word;
  out.push([now(), 'log']);
  return true;
}

function run(until) {
  const { clock } = mcu;
  while (now() < until && out.length === 0 && !restarts) {
    if (!core.waiting) {
      if (core.PC < 0x4000) rom();
      else {
        const cycles = core.executeInstruction();
        passes(clock.nanos + cycles * NANOS);
      }
      continue;
    }
    if (logs()) continue;
    const alarm = clock.nextAlarm ? clock.nextAlarm.nanos : Infinity;
    passes(Math.max(Math.min(until * NANOS, alarm, soonest()), clock.nanos));
  }
}

/** What the boot ROM does with a file on its drive. */
async function loadUf2(file) {
  const { decodeBlock, blockSize, familyID } = await import('uf2');
  for (let at = 0; at < file.length; at += blockSize) {
    const { flashAddress, payload, boardFamily } = decodeBlock(new Uint8Array(file.subarray(at, at + blockSize)));
    if (boardFamily === familyID('Raspberry Pi RP2040')) mcu.flash.set(payload, flashAddress - FLASH);
  }
}

function loadElf(file) {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const [table, count] = [view.getUint32(28, true), view.getUint16(44, true)];
  for (let index = 0; index < count; index++) {
    const [kind, from, , to, length] = [0, 4, 8, 12, 16].map((at) => view.getUint32(table + 32 * index + at, true));
    if (kind === 1 && length && to >>> 24 === 0x10) mcu.flash.set(file.subarray(from, from + length), to - FLASH);
  }
}

async function load({ image, log, ring, bus, kept }) {
  oscillator(mcu, ring);
  i2cBus(mcu, bus, (...what) => out.push([now(), ...what]));
  mcu.gpio[CANCEL_KEY].setInputValue(true);
  [logWord, logged] = [log, 0];
  const file = fs.readFileSync(image);
  mcu.flash.fill(0xff);
  if (file.subarray(0, 4).toString() === 'UF2\n') await loadUf2(file);
  else loadElf(file);
  if (kept) {
    mcu.flash.set(Buffer.from(kept.flash, 'base64'));
    watchdog.scratchData.set(kept.scratch);
    watchdog.reason = kept.reason;
    mcu.clock.tick(kept.nanos);
  }
  mcu.core.VTOR = 0x10000100;
  mcu.core.reset();
  wire();
}

const COMMANDS = {
  async load(what) { await load(what); return {}; },
  run(until, { in: input = [] }) {
    const still = input.filter(([, what]) => what === 'still').map(([, , number]) => number);
    coming = coming.filter(([, what, number]) => what !== 'pin' || !still.includes(number));
    coming = coming.concat(input).sort((a, b) => a[0] - b[0]);
    out = [];
    run(until);
    return { now: now(), out };
  },
  read([at, length]) {
    let bytes = '';
    for (let index = 0; index < length; index++) bytes += mcu.readUint8(at + index).toString(16).padStart(2, '0');
    return { bytes };
  },
  keep() {
    const { scratchData, reason } = watchdog;
    const flash = Buffer.from(mcu.flash.subarray(0, FLASH_LEN)).toString('base64');
    return { kept: { flash, scratch: [...scratchData], reason, nanos: mcu.clock.nanos } };
  },
  worked() { return { cycles: core.cycles }; },
  wear(is) { worn = is; return {}; },
  write([at, hex]) {
    for (let index = 0; index < hex.length / 2; index++) mcu.writeUint8(at + index, parseInt(hex.substr(2 * index, 2), 16));
    return {};
  },
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  const name = Object.keys(command).find((key) => COMMANDS[key]);
  const answer = JSON.stringify(await COMMANDS[name](command[name], command));
  process.stdout.write(answer + '\n');
}
