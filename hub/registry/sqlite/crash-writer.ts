/**
 * A process that enrols machines until it is killed, for tests of crashes:
 * `node crash-writer.ts FOLDER NAME THREAD [POINT [SHARED]]`, the last as JSON. It prints
 * the machine of each answer once it has it, and ends by itself after all of them.
 */
import { writeSync } from 'node:fs';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { testEnrolment, testNowMs } from '../fixture.ts';
import { openRegistry } from '../open-registry.ts';
import type { SharedOptions } from './registry-calls.ts';

const [folder = '', name = '', thread = '', crashPoint, sharedText] = process.argv.slice(2);
const shared: SharedOptions | undefined = sharedText === undefined ? undefined : JSON.parse(sharedText);
const log = createLogger({ level: 'error', sink: ({ message }) => writeSync(2, `${message}\n`) });
const clock = { ...systemClock, now: () => testNowMs };
await using registry = await openRegistry({ folder, log, clock, thread: thread === 'thread', crashPoint, shared });
for (let round = 0; round < 15; round += 1) {
  const machines = Array.from({ length: 4 }, (_, index) => `${name}-${round}-${index}`);
  await Promise.all(
    machines.map(async (machine) => {
      const { kind } = await registry.enrol(testEnrolment(machine, 'tokena000'), { address: '' });
      writeSync(1, `${kind} ${machine}\n`);
    }),
  );
}
