import { setTimeout as sleep } from 'node:timers/promises';
import { archivedRawBytes } from '../archive-objects.ts';
import type { Program } from '../program.ts';

/** Longer than the longest wait between two tries of either product, and than a large object takes where the machine has other things to do. */
const standstillMs = 180_000;
const lookEveryMs = 500;

export interface SettledOptions {
  readonly archive: string;
  readonly bytes: number;
  readonly log: (line: string) => void;
  /** What the products said last: asked and shown when nothing moves any more. */
  readonly tail: () => string | Promise<string>;
  /** Only what is archived for this tenant. */
  readonly tenant?: string;
}

/** The last lines of several programs. */
export function tailsOf(...hosts: readonly { readonly program: Program }[]): string {
  return hosts.map(({ program }) => program.tail(20)).join('\n');
}

/**
 * Waits until the archive holds as many bytes as were written, or nothing has moved for so long that nothing will: what is missing
 * then is for the checker to say. False in the latter case.
 */
export async function settled(options: SettledOptions): Promise<boolean> {
  const { archive, bytes, log, tail, tenant } = options;
  let last = -1;
  let lastChangeMs = performance.now();
  for (;;) {
    const archived = await archivedRawBytes(archive, tenant);
    if (archived >= bytes) return true;
    const now = performance.now();
    if (archived !== last) lastChangeMs = now;
    last = archived;
    if (now - lastChangeMs > standstillMs) {
      log(`standstill: ${archived} of ${bytes} bytes are archived\n${await tail()}`);
      return false;
    }
    await sleep(lookEveryMs);
  }
}
