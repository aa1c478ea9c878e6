import assert from 'node:assert/strict';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { markOf } from '@tributary/protocol/mark.ts';
import { createFraming } from '../../framing/create-framing.ts';
import { filtersOption, multilineOption } from '../../framing/framing-options.ts';
import type { Tail } from '../../framing/framer.ts';
import type { StreamState } from '../input.ts';
import { fingerprintOf } from './identity.ts';
import { readTurn, turnBufferBytes, type TurnResult } from './read-turn.ts';
import { Source } from './source.ts';

const attributes = { tenant: 'acme', type: 'app', host: 'here', encoding: 'utf-8', counted: false, labels: {} };

interface Given {
  readonly content: string;
  readonly multiline?: unknown;
  readonly filters?: unknown;
  readonly position?: number;
  /** What was read before the position; undefined: what is there. */
  readonly wasRead?: string;
  /** Bytes that stood in front of the content when the stream began. */
  readonly removed?: string;
  readonly tail?: Tail;
}

async function turn(given: Given): Promise<TurnResult> {
  const { content, multiline, filters, removed = '', position = 0, tail = 'hold' } = given;
  const { wasRead = (removed + content).slice(0, position) } = given;
  const folder = await mkdtemp(join(tmpdir(), 'tributary-read-turn-'));
  try {
    const path = join(folder, 'app.log');
    await writeFile(path, content);
    await using handle = await open(path);
    const framing = createFraming({
      encoding: 'utf-8',
      multiline: multiline === undefined ? undefined : multilineOption.parse(multiline),
      filters: filters === undefined ? undefined : filtersOption.parse(filters),
    });
    const base = Buffer.byteLength(removed);
    const state: StreamState = {
      streamId: 'ab'.repeat(16),
      identity: { path, device: '1', inode: '2', ...fingerprintOf(Buffer.from(content)), token: '', base },
      attributes,
      start: 0,
      position,
      mark: markOf(Buffer.from(wasRead)),
      ended: false,
    };
    const source = new Source({ key: '1:2', traits: { attributes, ...framing }, state, nowMs: 0 });
    const buffer = Buffer.alloc(turnBufferBytes(framing.framer, 1024));
    return await readTurn(source, { handle, buffer, ...framing, recordBytesMax: 1024, overflow: 'block', tail: () => tail });
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function read(given: Given): Promise<Extract<TurnResult, { kind: 'read' }>> {
  const result = await turn(given);
  assert(result.kind === 'read', 'the file was read');
  return result;
}

test('marks are over the bytes of the file, whatever the filter does to them', async () => {
  const content = 'DEBUG a\nmail me@example.org\nDEBUG b\n';
  const filters = { exclude: ['DEBUG'], redact: { presets: ['email'] } };
  const { run, cursor, filtered, heldBytes } = await read({ content, filters });
  assert.equal(Buffer.from(run?.bytes ?? []).toString(), 'mail **************\n');
  assert.deepEqual([run?.from, run?.to, run?.records], [0, content.length, 1]);
  assert.deepEqual(run?.drops, [
    { offset: 0, span: 8, records: 1 },
    { offset: 20, span: 8, records: 1 },
  ]);
  assert.equal(run?.toMark, markOf(Buffer.from(content)));
  assert.deepEqual([cursor.position, cursor.mark, heldBytes], [content.length, run?.toMark, 0]);
  assert.deepEqual(filtered, { excluded: 2, sampledOut: 0, redacted: 1 });
});

test('a position goes on also where every record is left out', async () => {
  const { run, cursor } = await read({ content: 'a\nb\n', filters: { include: ['never'] } });
  assert.deepEqual([run?.records, run?.bytes.length, run?.to, cursor.position], [0, 0, 4, 4]);
});

test('a record that may go on is held, and sent when its time has come', async () => {
  const content = 'one\ntwo\n more\n';
  const multiline = { continuation: '^ ' };
  const held = await read({ content, multiline });
  assert.deepEqual([held.run?.to, held.run?.lengths, held.heldBytes, held.atEnd], [4, [], 10, true]);
  const sent = await read({ content, multiline, tail: 'idle' });
  assert.deepEqual([sent.run?.to, sent.run?.lengths, sent.run?.cuts, sent.heldBytes], [14, [4, 10], [], 0]);
  const cut = await read({ content: `${content} half`, multiline, tail: 'end' });
  assert.deepEqual([cut.run?.lengths, cut.run?.cuts], [[4, 15], [{ offset: 19, cause: 'end' }]]);
});

test('records of one line each need no lengths', async () => {
  const { run } = await read({ content: 'one\ntwo\nthree\n', multiline: { continuation: '^ ' }, tail: 'idle' });
  assert.deepEqual([run?.records, run?.lengths], [3, []]);
});

test('a file whose beginning was removed goes on at its positions', async () => {
  const removed = 'removed line\n'.repeat(20);
  const content = `${'kept line\n'.repeat(10)}next\n`;
  const position = removed.length + 100;
  const { run } = await read({ content, removed, position });
  assert.deepEqual([Buffer.from(run?.bytes ?? []).toString(), run?.from, run?.to], ['next\n', position, position + 5]);
  assert.equal(run?.toMark, markOf(Buffer.from(removed + content)));
});

test('without 64 bytes before a position there is no mark, and none is held against the file', async () => {
  const removed = 'removed line\n'.repeat(20);
  const { run, cursor } = await read({ content: 'kept\nnext\n', removed, position: removed.length + 5 });
  assert.deepEqual([Buffer.from(run?.bytes ?? []).toString(), run?.toMark, cursor.mark], ['next\n', '', '']);
});

test('other bytes before the position are another file', async () => {
  const content = 'x'.repeat(100);
  const changed = await turn({ content, position: 80, wasRead: `${'x'.repeat(79)}y` });
  assert.deepEqual(changed, { kind: 'changed', verdict: 'differs-before-position' });
  assert.deepEqual(await turn({ content, position: 200, wasRead: 'x'.repeat(200) }), { kind: 'changed', verdict: 'shorter' });
});
