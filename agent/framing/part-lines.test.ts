import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { criLineFramer } from './cri-lines.ts';
import { dockerLineFramer } from './docker-lines.ts';
import type { Framer } from './framer.ts';
import { arrivals } from './testing/arrivals.ts';
import { type FoundRecord, frameAll } from './testing/frame-all.ts';

interface Part {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
  readonly isLast: boolean;
}

const time = '2026-11-21T10:00:00.123456789Z';

const formats: Readonly<Record<string, { framer: Framer; line: (part: Part) => string }>> = {
  docker: {
    framer: dockerLineFramer,
    line: ({ stream, text, isLast }) => `${JSON.stringify({ log: isLast ? `${text}\n` : text, stream, time })}\n`,
  },
  'docker, in another order': {
    framer: dockerLineFramer,
    line: ({ stream, text, isLast }) => `${JSON.stringify({ time, stream, log: isLast ? `${text}\n` : text })}\n`,
  },
  cri: { framer: criLineFramer, line: ({ stream, text, isLast }) => `${time} ${stream} ${isLast ? 'F' : 'P'} ${text}\n` },
  'cri with another tag': {
    framer: criLineFramer,
    line: ({ stream, text, isLast }) => `${time} ${stream} ${isLast ? 'F' : 'P:more'} ${text}\n`,
  },
};

function part(stream: 'stdout' | 'stderr', text: string, isLast: boolean): Part {
  return { stream, text, isLast };
}

/** Texts that look like the end of a line, or like the fields behind it. */
const hardTexts = ['', 'a', '\\', '\\n', 'x\\\\n', '"', '","stream":"stdout"', ' stdout P ', 'n', '{', '\u00e9'];

for (const [name, { framer, line }] of Object.entries(formats)) {
  test(`${name}: a line is a record, split lines are joined`, () => {
    const lines = [
      part('stdout', 'one', true),
      part('stdout', 'two, ', false),
      part('stdout', 'three, ', false),
      part('stdout', 'four', true),
      part('stderr', 'five', true),
    ].map(line);
    const [one = '', two = '', three = '', four = '', five = ''] = lines;
    assert.deepEqual(frameAll(framer, Buffer.from(lines.join(''))), [[one], [two + three + four], [five]]);
  });

  test(`${name}: a record ends when neither stream has an open part`, () => {
    const lines = [
      part('stdout', 'out 1, ', false),
      part('stderr', 'err whole', true),
      part('stderr', 'err 1, ', false),
      part('stdout', 'out 2', true),
      part('stderr', 'err 2', true),
      part('stdout', 'next', true),
    ].map(line);
    assert.deepEqual(frameAll(framer, Buffer.from(lines.join(''))), [[lines.slice(0, 5).join('')], [lines[5]]]);
  });

  test(`${name}: an open part is held, and is partial when its time has come`, () => {
    const text = line(part('stdout', 'half', false));
    const limits = { recordBytesMax: 1000, recordsMax: 10, bytesMax: 1000 };
    assert.equal(framer.frame(Buffer.from(text), limits, 'hold').end, 0);
    assert.deepEqual(frameAll(framer, Buffer.from(text), { tail: 'idle' }), [[text, 'idle']]);
    assert.equal(framer.frame(Buffer.from(text), limits, 'idle').isLines, false);
  });

  test(`${name}: what is longer than a record may be is cut behind a line`, () => {
    const open = line(part('stdout', 'x'.repeat(20), false));
    const last = line(part('stdout', 'end', true));
    const text = open.repeat(5) + last;
    const found = frameAll(framer, Buffer.from(text), { recordBytesMax: open.length * 2 });
    assert.deepEqual(found, [[open.repeat(2), 'too-long'], [open.repeat(2), 'too-long'], [open + last]]);
  });

  test(`${name}: a part that stays open does not take in all that follows`, () => {
    const text = line(part('stdout', 'open', false)) + line(part('stderr', 'closed', true)).repeat(2000);
    const found = frameAll(framer, Buffer.from(text), { recordBytesMax: 1_000_000 - 1 });
    assert.equal(found[0]?.[1], 'too-long');
    assert.equal(found[0]?.[0].split('\n').length, 1025);
    assert.equal(found.length, 1 + 2000 - 1023);
  });

  test(`${name}: records are the same however the bytes come`, () => {
    const parts = fc.record({
      stream: fc.constantFrom('stdout' as const, 'stderr' as const),
      text: fc.oneof(
        fc.constantFrom(...hardTexts),
        fc.string({ maxLength: 5 }).map((text) => text.replaceAll('\n', ' ')),
      ),
      isLast: fc.boolean(),
    });
    const garbage = fc.constantFrom('\n', 'garbage\n', '{"log":1}\n', '{}\n', 'a b c\n', `${time} stdout\n`);
    const all = fc.array(fc.oneof({ weight: 5, arbitrary: parts }, { weight: 1, arbitrary: garbage }), { maxLength: 12 });
    fc.assert(
      fc.property(all, arrivals, (given, arrival) => {
        const bytes = Buffer.from(given.map((one) => (typeof one === 'string' ? one : line(one))).join(''));
        assert.deepEqual(
          frameAll(framer, bytes, { arrival, recordBytesMax: 200 }),
          frameAll(framer, bytes, { recordBytesMax: 200 }),
        );
        assert.deepEqual(frameAll(framer, bytes, { recordBytesMax: 5000 }), expectedRecords(given, line));
      }),
    );
  });
}

/** By what was written, not by what it looks like. An empty text of Docker's ends its line. */
function expectedRecords(given: readonly (Part | string)[], line: (part: Part) => string): FoundRecord[] {
  const found: FoundRecord[] = [];
  const open = new Set<string>();
  let text = '';
  for (const one of given) {
    text += typeof one === 'string' ? one : line(one);
    if (typeof one !== 'string') {
      if (one.isLast || (one.text === '' && line(one).startsWith('{"'))) open.delete(one.stream);
      else open.add(one.stream);
    }
    if (open.size === 0) {
      found.push([text]);
      text = '';
    }
  }
  if (text !== '') found.push([text, 'end']);
  return found.map(([record, ...cut]) => [Buffer.from(record).toString('latin1'), ...cut]);
}
