/**
 * A process that is killed at a crash point while it removes old objects, for crash.test.ts: `node crash-house.ts FOLDER`. The first one makes
 * them: one per entry, each with its row and its manifest.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@tributary/shared/clock.ts';
import { armCrashPoint } from '@tributary/shared/crash-point.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { MetricBook } from '../metrics/metric-book.ts';
import { manifestText } from '../outputs/archive/manifest.ts';
import { manifestName } from '../outputs/archive/object-name.ts';
import { FolderStore } from '../outputs/archive/store/folder-store.ts';
import { appendThrough, ownedPlace, testObject, testPlan } from '../queue/contract/steps.ts';
import { testStream } from '../queue/fixture.ts';
import { openSqliteQueue } from '../queue/sqlite/open-sqlite-queue.ts';
import { HouseRun } from './house-run.ts';
import { anyKind } from './kinds.ts';
import { archiveObjects } from './kinds/archive-objects.ts';

const [folder = ''] = process.argv.slice(2);
const objects = 30;
const minuteMs = 60_000;
/** Of the oldest ones. */
const youngerThanMs = 20 * minuteMs;

const logger = createLogger({ level: 'error', sink: () => undefined });
const store = new FolderStore(join(folder, 'archive'));
const isMade = existsSync(store.place);
await using queue = await openSqliteQueue({ folder, log: logger, crashPoint: undefined, limits: { reserveBytes: 65_536 } });
if (!isMade) await make();
armCrashPoint(process.env['TRIBUTARY_CRASH_POINT']);
const kind = archiveObjects({ queue, store: () => store, retention: () => () => minuteMs });
const run = new HouseRun(
  {
    registry: { record: async () => undefined },
    metrics: new MetricBook({ refused: () => undefined }),
    clock: { ...systemClock, now: () => youngerThanMs + minuteMs },
    logger,
    lock: { name: 'housekeeping', token: 1, isHeld: async () => true, keptUntilMs: () => Infinity },
  },
  new AbortController().signal,
);
const { notes } = await run.run([anyKind(kind)]);
if (notes.length > 0) throw new Error(notes.join('; '));

async function make(): Promise<void> {
  await queue.openStream(testStream(1));
  await appendThrough(queue, 1, ...Array.from({ length: objects + 1 }, (_, index) => index * 10));
  const own = await ownedPlace(queue, 'archive');
  for (let number = 1; number <= objects; number += 1) {
    const plan = { ...testPlan(number, number), name: `acme/nginx/2026/01/01/00/${number}.csv.zst` };
    const receivedMs = (number - 1) * minuteMs;
    const object = { ...testObject(plan), receivedMsMin: receivedMs, receivedMsMax: receivedMs };
    await queue.plan(own, plan);
    await queue.commit({ lease: own, to: number, archived: { plan, object, segments: [] } });
    await store.write(object.name, 'rows');
    const { text } = manifestText({ ...object, storeId: 'aa', topic: plan.topic, segments: [] });
    await store.write(manifestName(object.name), text);
  }
}
