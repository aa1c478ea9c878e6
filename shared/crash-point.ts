/**
 * Named points at which a test can have the process killed as `kill -9` would, to prove what survives.
 *
 * `main.ts` arms one from TRIBUTARY_CRASH_POINT=`name[:count]` (the count-th time the point is reached, 1 by default), or `name=text` (when
 * the data there holds this text), and passes the same to its worker threads, which arm themselves. Unarmed, a point costs one comparison.
 */
let armedName: string | undefined;
let remaining = 0;
let armedText: string | undefined;

/** Arms a point, or none with `undefined`. Throws a RangeError on a malformed count. */
export function armCrashPoint(specification: string | undefined): void {
  if (specification === undefined || specification === '') {
    armedName = undefined;
    return;
  }
  const [before = '', ...text] = specification.split('=');
  const [name, count = '1'] = before.split(':');
  if (!/^[1-9]\d*$/.test(count)) throw new RangeError(`crash point ${specification}: the count must be a positive number`);
  armedName = name;
  armedText = text.length === 0 ? undefined : text.join('=');
  remaining = Number(count);
}

/** Dies here, at once and without any clean-up, if this point is armed and its count is reached. */
export function crashPoint(name: string): void {
  if (armedName === name) reach();
}

/** As `crashPoint`, of data: reached by what holds the text that it was armed with. */
export function crashPointIn(name: string, bytes: Buffer): void {
  if (armedName === name && armedText !== undefined && bytes.includes(armedText)) reach();
}

function reach(): void {
  remaining -= 1;
  if (remaining > 0) return;
  process.kill(process.pid, 'SIGKILL');
  // The signal reaches the process before this wait is over; without it a few more statements could run.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10_000);
}
