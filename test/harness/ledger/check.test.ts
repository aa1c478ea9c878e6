import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { Scratch } from '../scratch.ts';
import { checkArchive, isClean, type Verdict } from './check.ts';
import { Writer } from './writer.ts';
import type { WrittenFile } from './rotating-file.ts';

/** A row of an archive made by hand, for a checker that must be seen to notice what it is there for. */
interface Row {
  readonly stream: string;
  readonly position: number;
  readonly raw: Buffer;
  readonly flags: string;
}

function rowsOf(file: WrittenFile): Row[] {
  const content = readFileSync(file.path);
  const rows: Row[] = [];
  const stream = `${file.stream}${file.generation}`.padStart(32, '0');
  for (let at = 0; at < content.length;) {
    const end = content.indexOf(0x0a, at) + 1 || content.length;
    // Long lines arrive as several records, all but the last of them `partial`.
    const stop = Math.min(end, at + 5000);
    rows.push({ stream, position: at, raw: content.subarray(at, stop), flags: stop < end ? 'partial' : '' });
    at = stop;
  }
  return rows;
}

function writeObject(path: string, rows: readonly Row[]): void {
  const parts = [Buffer.from('received,host,agent,stream,source,labels,position,ordinal,flags,event,fields,raw\n')];
  for (const { stream, position, raw, flags } of rows) {
    const quoted = raw.toString('latin1').replaceAll('"', '""');
    const row = `2026-01-01T00:00:00.000Z,host,${'a'.repeat(32)},${stream},/x,,${position},0,${flags},,,"${quoted}"\n`;
    parts.push(Buffer.from(row, 'latin1'));
  }
  mkdirSync(dirname(path), { recursive: true });
  execFileSync('zstd', ['-q', '-f', '-o', path], { input: Buffer.concat(parts) });
  // Received at one time: their ranges say what comes first.
  writeFileSync(path.replace('.csv.zst', '.json'), JSON.stringify({ received: { from: '2026-01-01T00:00:00.000Z' } }));
}

/** Writes files by the ledger's writer, lets `spoil` change their rows, and checks an archive of these. */
async function verdictOf(spoil: (rows: Row[]) => Row[]): Promise<Verdict> {
  await using scratch = await Scratch.make();
  const writer = new Writer({ folder: scratch.path, seed: 7, bytesPerSecond: 0, rotateBytes: 20_000, mayLeave: () => true });
  for (let tick = 0; tick < 40; tick += 1) writer.write(20_000);
  const written = writer.stop();
  assert.ok(written.length > 10, 'files were rotated');
  const rows = spoil(written.flatMap((file) => rowsOf(file)));
  const folder = scratch.file('archive/default/app/2026/01/01/00');
  // Ranges are compared as numbers: 10 comes after 9 whatever the names' order as text is.
  const third = Math.ceil(rows.length / 3);
  writeObject(`${folder}/store-0-1-9.csv.zst`, rows.slice(0, third));
  writeObject(`${folder}/store-0-10-99.csv.zst`, rows.slice(third, 2 * third));
  writeObject(`${folder}/store-0-100-120.csv.zst`, rows.slice(2 * third));
  writeFileSync(`${folder}/store-0-121-130.csv.zst.writing`, 'half an object');
  return await checkArchive({ archive: scratch.file('archive'), written, manifestPath: scratch.file('manifest.json') });
}

/** Index of a row in the middle that is a whole line, and so is the next one, of the same stream. */
function wholeLine(rows: readonly Row[]): number {
  const middle = Math.floor(rows.length / 2);
  for (let index = middle; index < rows.length; index += 1) {
    const three = rows.slice(index - 1, index + 2);
    if (three.every((row) => row.flags === '' && row.stream === rows[index]?.stream)) return index;
  }
  throw new Error('no row fits');
}

test('an archive that has everything once and in order is clean', async () => {
  const verdict = await verdictOf((rows) => rows);
  assert.ok(isClean(verdict), JSON.stringify(verdict));
  assert.ok(verdict.rows > verdict.written, 'some lines were split');
});

test('a planted loss is one line lost and one file incomplete', async () => {
  const verdict = await verdictOf((rows) => rows.toSpliced(wholeLine(rows), 1));
  assert.deepEqual(pick(verdict), { lost: 1, doubled: 0, disordered: 0, mismatched: 0, incomplete: 1 });
});

test('a row that is there twice is doubled', async () => {
  const verdict = await verdictOf((rows) => {
    const index = wholeLine(rows);
    return rows.toSpliced(index, 0, ...rows.slice(index, index + 1));
  });
  assert.deepEqual(pick(verdict), { lost: 0, doubled: 1, disordered: 1, mismatched: 0, incomplete: 1 });
});

test('two rows of a stream that changed places are out of order', async () => {
  const verdict = await verdictOf((rows) => {
    const index = wholeLine(rows);
    return rows.toSpliced(index, 2, ...rows.slice(index, index + 2).toReversed());
  });
  assert.deepEqual(pick(verdict), { lost: 0, doubled: 0, disordered: 1, mismatched: 0, incomplete: 0 });
});

test('a changed byte is a mismatch', async () => {
  const verdict = await verdictOf((rows) => {
    const index = wholeLine(rows);
    const row = rows[index];
    assert.ok(row !== undefined);
    const raw = Buffer.from(row.raw);
    raw[raw.length - 2] = (raw[raw.length - 2] ?? 0) ^ 0x40;
    return rows.with(index, { ...row, raw });
  });
  assert.equal(verdict.mismatched, 1);
  assert.equal(verdict.incomplete, 1);
});

test('the same file sent twice under two streams is doubled', async () => {
  const verdict = await verdictOf((rows) => {
    const first = rows.filter((row) => row.stream === rows[0]?.stream);
    return [...rows, ...first.map((row) => ({ ...row, stream: 'f'.repeat(32) }))];
  });
  assert.ok(verdict.doubled > 10);
  assert.equal(verdict.lost, 0);
});

function pick({ lost, doubled, disordered, mismatched, incomplete }: Verdict): Record<string, number> {
  return { lost, doubled, disordered, mismatched, incomplete };
}
