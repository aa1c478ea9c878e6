/** When a group's schedule is due. The library is loaded only where a schedule is configured. */

export interface Schedule extends Disposable {
  /** When it is due next, in milliseconds since 1970; undefined: never again. */
  nextMs(): number | undefined;
}

export type OpenSchedule = (options: {
  readonly expression: string;
  readonly timeZone: string | undefined;
  readonly onDue: () => void;
}) => Promise<Schedule>;

/** Its timer keeps no process alive; a time that passed while the machine slept is not made up for. */
export const openSchedule: OpenSchedule = async ({ expression, timeZone, onDue }) => {
  const { schedule } = await import('node-cron');
  const task = schedule(expression, onDue, {
    unref: true,
    suppressMissedWarning: true,
    ...(timeZone === undefined ? {} : { timezone: timeZone }),
  });
  return {
    nextMs: () => task.getNextRun()?.getTime(),
    [Symbol.dispose]: () => void task.destroy(),
  };
};
