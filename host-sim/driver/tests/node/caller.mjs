// A caller of the driver library by koffi, as hospital software on Node.js and Electron has it: LIBRARY, then the type of results,
// then the calling convention. What it reads and prints: see caller.c.
import { createInterface } from 'node:readline';
import koffi from 'koffi';

const BUFFER = 256;
const BEFORE = 0xa5;
const [path, result, convention] = process.argv.slice(2);
const library = koffi.load(path);

function call(words) {
  const buffer = Buffer.alloc(BUFFER, BEFORE);
  const types = [];
  const values = [];
  for (const word of words.slice(1)) {
    const rest = word.slice(1);
    types.push(word[0] === 'i' ? 'int' : 'void *');
    values.push({
      i: () => Number(rest),
      s: () => Buffer.concat([Buffer.from(rest, 'hex'), Buffer.alloc(1)]),
      o: () => buffer,
    }[word[0]]?.() ?? null);
  }
  const number = library.func(convention, words[0], result, types)(...values);
  const length = words.includes('o') ? buffer.indexOf(0) : -1;
  const clean = buffer.subarray(length + 1).every((byte) => byte === BEFORE);
  return `${number} ${clean ? 1 : 0} ${buffer.subarray(0, Math.max(length, 0)).toString('hex')}`;
}

function isThere(name) {
  try {
    library.func(convention, name, result, ['int', 'void *']);
    return 1;
  } catch {
    return 0;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(line.startsWith('?') ? isThere(line.slice(1)) : call(line.split(' ')));
}
