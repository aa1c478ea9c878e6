/**
 * Pushes lines `push 1`, `push 2`… to the URL given, one after the other, each as often as it takes, under a key of its own; writes the
 * number of each that was taken. A process of its own, so that it can be on another machine. SIGTERM ends it after the line it is at.
 */
import { setTimeout as sleep } from 'node:timers/promises';

const [, , url = ''] = process.argv;
const attemptMs = 700;
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());

for (let number = 1; !stop.signal.aborted; number += 1) {
  while (!(await push(number))) await sleep(50);
  process.stdout.write(`${number}\n`);
  await sleep(10);
}

async function push(number: number): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', 'idempotency-key': `push-${number}`, connection: 'close' },
      body: `push ${number}\n`,
      signal: AbortSignal.timeout(attemptMs),
    });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
