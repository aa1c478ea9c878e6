/**
 * Runs what is at the top of a script, which may never end: it has to before the thread that makes the pipeline is missed. A thread that was
 * given no processor meanwhile tries it again, from the beginning; nothing of the time before is left then.
 */
import { threadCpuUsage } from 'node:process';
import { type Context, createContext, Script } from 'node:vm';
import { formatDuration } from '@tributary/shared/options/units.ts';
import { starvedTimesMax, topLevelMsMax } from '../../limits.ts';

export class TopLevelTimeout extends Error {
  override readonly name = 'TopLevelTimeout';
}

const job: { run: () => void } = { run: () => undefined };
const call = new Script('run()');
/** Made once: it costs much more than what it runs. */
let context: Context | undefined;

/** Throws a TopLevelTimeout, and whatever `run` throws. */
export function runTopLevel(run: () => unknown, msMax = topLevelMsMax): unknown {
  const start = threadCpuUsage();
  for (let times = 1; ; times += 1) {
    const ended = runWithin(run, msMax);
    if (ended !== undefined) return ended();
    const { user, system } = threadCpuUsage(start);
    if (times < starvedTimesMax && user + system < (msMax * 1000) / 2) continue;
    throw new TopLevelTimeout(`what is at its top took longer than ${formatDuration(msMax)}: does a loop there end?`);
  }
}

/** What it returned or threw; undefined where it was ended. */
function runWithin(run: () => unknown, timeout: number): (() => unknown) | undefined {
  let ended: (() => unknown) | undefined;
  context ??= createContext(job);
  job.run = () => {
    try {
      const result = run();
      ended = () => result;
    } catch (error) {
      ended = () => {
        throw error;
      };
    }
  };
  try {
    call.runInContext(context, { timeout });
  } catch {
    // That it was ended cannot be caught within: nothing else comes here.
  } finally {
    job.run = () => undefined;
  }
  return ended;
}
