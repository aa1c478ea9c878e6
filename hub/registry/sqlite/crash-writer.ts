/**
 * A process that enrols machines until it is killed, for crash.test.ts: `node crash-writer.ts FOLDER NAME THREAD [POINT]`. It prints
 * the machine of each answer once it has it, and ends by itself after all of them.
 */
import { writeSync } from 'node:fs';
import { systemClock } from '@tributary/shared/clock.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { testEnrolment, testNowMs } from '../fixture.ts';
import { openRegistry } from '../open-registry.ts';

const [folder = '', name = '', thread = '', crashPoint] = process.argv.slice(2);
const log = createLogger({ level: 'error', sink: ({ message }) => writeSync(2, `${message}\n`) });
const clock = { ...systemClock, now: () => testNowMs };
await using registry = await openRegistry({ folder, log, clock, thread: thread === 'thread', crashPoint });
for (let round = 0; round < 15; round += 1) {
  const machines = Array.from({ length: 4 }, (_, index) => `${name}-${round}-${index}`);
  await Promise.all(
    machines.map(async (machine) => {
      const { kind } = await registry.enrol(testEnrolment(machine, 'tokena000'), { address: '' });
      writeSync(1, `${kind} ${machine}\n`);
    }),
  );
}
