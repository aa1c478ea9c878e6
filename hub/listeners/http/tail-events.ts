/** A live tail as server-sent events. */
import type { Clock } from '@tributary/shared/clock.ts';
import type { TailEvent } from '../../dashboard/api/search-shapes.ts';
import { heartbeatMs } from '../../search/limits.ts';
import type { TailStep } from '../../search/tail.ts';

/** Ends with the steps, and when who asks may not see what was asked for any more: looked at as often as a heartbeat. */
export async function* tailEvents(
  steps: AsyncIterable<TailStep>,
  isStill: () => Promise<boolean>,
  clock: Pick<Clock, 'monotonic'>,
): AsyncGenerator<string> {
  // So that who asks sees at once that it has begun.
  yield ': this is a live tail\n\n';
  let lookedMs = clock.monotonic();
  for await (const step of steps) {
    if (clock.monotonic() - lookedMs >= heartbeatMs) {
      if (!(await isStill())) break;
      lookedMs = clock.monotonic();
    }
    if ('records' in step) yield step.records.map((data) => eventText({ event: 'record', data })).join('');
    else yield 'skipped' in step ? eventText({ event: 'skipped', data: { count: step.skipped } }) : ': nothing new\n\n';
  }
  yield 'event: end\ndata: {}\n\n';
}

function eventText({ event, data }: TailEvent): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
