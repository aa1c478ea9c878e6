import { randomBytes } from 'node:crypto';
import type { ObjectName } from './object-store.ts';

/** One that was never given before. Those of an hour are together, so that no folder grows for ever. */
export function spillName(partition: number, nowMs: number): ObjectName {
  const hour = new Date(nowMs).toISOString().slice(0, 13).replaceAll(/[-T]/g, '');
  return `p${partition}/${hour}/${randomBytes(16).toString('hex')}`;
}
