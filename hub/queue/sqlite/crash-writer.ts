/**
 * A process that is killed at a crash point while it writes, for crash.test.ts: `node crash-writer.ts FOLDER POINT`. It appends
 * batches of one stream, several at a time, passes them to a back topic, and prints each answer once it has it.
 */
import { writeSync } from 'node:fs';
import { createLogger } from '@tributary/shared/log.ts';
import { testBatch, testChannel, testEntry, testStream } from '../fixture.ts';
import { backTopic, frontTopic } from '../queue.ts';
import { openSqliteQueue } from './open-sqlite-queue.ts';

const [folder = '', crashPoint = ''] = process.argv.slice(2);
const batches = 60;
const positionsPerBatch = 10;
const body = new Uint8Array(40_000);

const log = createLogger({ level: 'error', sink: () => undefined });
await using queue = await openSqliteQueue({ folder, log, crashPoint, limits: { reserveBytes: 65_536 } });
const { held } = await queue.openStream(testStream(1));
const topic = frontTopic(testChannel);
await queue.ensureGroup({ topic, group: 'pipeline', policy: { kind: 'blocking' }, from: 'beginning' });

await Promise.all([append(), pass()]);

async function append(): Promise<void> {
  const under = new Set<Promise<void>>();
  for (let batch = 0; batch < batches; batch += 1) {
    const answered = appendOne(held + batch * positionsPerBatch).finally(() => under.delete(answered));
    under.add(answered);
    if (under.size >= 4) await Promise.race(under);
  }
  await Promise.all(under);
}

async function appendOne(from: number): Promise<void> {
  const to = from + positionsPerBatch;
  const { kind } = await queue.append(testBatch([{ stream: 1, from, to }], { body }));
  writeSync(1, `${kind} ${to}\n`);
}

async function pass(): Promise<void> {
  const lease = await queue.acquire({ topic, group: 'pipeline', partition: 0 }, 'crash writer', 60_000);
  if (lease === undefined) throw new Error('a store that was just opened has no owners');
  let cursor = lease.cursor;
  for (let passed = 0; passed < batches / 2; passed += 1) {
    const entries = await queue.read({ topic, partition: 0, afterSequence: cursor }, { entries: 2, bytes: 1e9 });
    const last = entries.at(-1);
    if (last === undefined) {
      await new Promise((resolve) => setImmediate(resolve));
      continue;
    }
    const entry = testEntry(entries.map(({ sequence }) => sequence).join(' '), { format: 'block' });
    await queue.commit({ lease, to: last.sequence, publish: [{ topic: backTopic(testChannel), entry }] });
    cursor = last.sequence;
    writeSync(1, `passed ${cursor}\n`);
  }
}
