/** How long things are kept, by the rules of the configuration. */
import { formatDuration } from '@tributary/shared/options/units.ts';
import type { HousekeepingOptions, RetentionKind } from '../config/housekeeping-options.ts';

/** Whose it is. A thing may go by several words for its type. */
export interface Owned {
  readonly tenant: string;
  readonly types: readonly string[];
}

export type Retention = (kind: RetentionKind, owned: Owned) => number | undefined;

const dayMs = 86_400_000;
const defaults: Readonly<Partial<Record<RetentionKind, number>>> = { streams: 30 * dayMs, tokens: 30 * dayMs };

/** Undefined: kept for good. */
export function retentionOf({ retention }: Pick<HousekeepingOptions, 'retention'>): Retention {
  return (kind, { tenant, types }) => {
    const rule = retention.find(
      (one) => one.kind === kind && (one.tenant ?? tenant) === tenant && (one.type === undefined || types.includes(one.type)),
    );
    return rule?.age ?? defaults[kind];
  };
}

/** `since` is what it is counted from. */
export function whyGone(since: string, atMs: number, keptMs: number): string {
  return `${since} ${new Date(atMs).toISOString().slice(0, 16)}Z, kept for ${formatDuration(keptMs)}`;
}
