/**
 * When a cron expression is due. The library that reads expressions is loaded only where one is configured; the waiting is done here, as
 * its own timers wait out whatever a clock was set back by, and pass over a time that is found out a second late.
 */

export interface Schedule extends Disposable {
  /** When it is due next, in milliseconds since 1970; undefined: never again. */
  nextMs(): number | undefined;
}

export type OpenSchedule = (options: {
  readonly expression: string;
  readonly timeZone: string | undefined;
  readonly onDue: () => void;
}) => Promise<Schedule>;

/** How often the clock is looked at: it may be set at any time. */
const lookMsMax = 30_000;
/** A time that passed longer ago, while the machine slept or because the clock was set forward, is not made up for. */
const lateMsMax = 60_000;

/** Its timer keeps no process alive. */
export const openSchedule: OpenSchedule = async ({ expression, timeZone, onDue }) => {
  const { createTask } = await import('node-cron');
  const task = createTask(expression, () => undefined, timeZone === undefined ? {} : { timezone: timeZone });
  const following = (): number | undefined => task.getNextRuns(1)[0]?.getTime();
  let lookedMs = Date.now();
  let nextMs = following();
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const nowMs = Date.now();
    if (nowMs < lookedMs) nextMs = following();
    lookedMs = nowMs;
    const dueMs = nextMs;
    if (dueMs !== undefined && nowMs >= dueMs) {
      nextMs = following();
      if (nowMs - dueMs <= lateMsMax) onDue();
    }
    wait();
  };
  const wait = (): void => {
    if (nextMs === undefined) return;
    timer = setTimeout(look, Math.max(1, Math.min(lookMsMax, nextMs - Date.now()))).unref();
  };
  wait();
  return {
    nextMs: () => nextMs,
    [Symbol.dispose]: () => {
      nextMs = undefined;
      clearTimeout(timer);
    },
  };
};
