/**
 * A hub's process for process.redis.test.ts: `node crash-hub.ts URL PREFIX TASK`. `write` appends batches of one stream, several at a time,
 * passes them on and prints each answer once it has it, until it is killed. `hold` takes the lease, and commits with it once it is told.
 */
import { writeSync } from 'node:fs';
import { once } from 'node:events';
import { createLogger } from '@tributary/shared/log.ts';
import { front, lease } from '../contract/steps.ts';
import { testBatch, testEntry, testStream } from '../fixture.ts';
import { openRedisQueue } from './open-redis-queue.ts';
import { openTestMasters } from './redis-fixture.ts';

const [url = '', prefix = '', task = ''] = process.argv.slice(2);
const place = { topic: front, group: 'g', partition: 0 };
const body = new Uint8Array(20_000);

const log = createLogger({ level: 'error', sink: () => undefined });
await using masters = await openTestMasters(url, prefix, 1);
await using queue = await openRedisQueue({ masters, log, partitions: 1 });
const { held } = await queue.openStream(testStream(1));
await queue.ensureGroup({ topic: front, group: 'g', policy: { kind: 'blocking' }, from: 'beginning' });
if (task === 'hold') await hold();
else await Promise.all([append(), pass()]);

async function append(): Promise<void> {
  const under = new Set<Promise<void>>();
  for (let from = held; ; from += 10) {
    const answered = appendOne(from).finally(() => under.delete(answered));
    under.add(answered);
    if (under.size >= 4) await Promise.race(under);
  }
}

async function appendOne(from: number): Promise<void> {
  const { kind } = await queue.append(testBatch([{ stream: 1, from, to: from + 10 }], { body }));
  writeSync(1, `${kind} ${from + 10}\n`);
}

async function pass(): Promise<void> {
  // The same owner as the process before had: it need not wait for that one's lease.
  const own = lease(await queue.acquire(place, 'crash hub', 60_000));
  let { cursor } = own;
  for (;;) {
    const entries = await queue.read({ topic: front, partition: 0, afterSequence: cursor }, { entries: 2, bytes: 1e9 });
    const last = entries.at(-1);
    if (last === undefined) continue;
    const entry = testEntry(entries.map(({ sequence }) => sequence).join(' '), { format: 'block' });
    await queue.commit({ lease: own, to: last.sequence, publish: [{ topic: 'passed', entry }] });
    cursor = last.sequence;
    writeSync(1, `passed ${cursor}\n`);
  }
}

async function hold(): Promise<void> {
  const own = lease(await queue.acquire(place, 'crash hub', 300));
  writeSync(1, 'leased\n');
  await once(process.stdin, 'data');
  const publish = [{ topic: 'passed', entry: testEntry('of a hub that stood still') }];
  writeSync(1, `${await queue.commit({ lease: own, to: 1, publish })}\n`);
  process.stdin.destroy();
}
