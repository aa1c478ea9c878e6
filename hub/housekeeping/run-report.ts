/** What a run did, as every hub of the site can tell it: kept in the registry, from its start on. */
import * as z from 'zod';
import type { Fence } from '../cluster/cluster.ts';
import { type Registry, RegistryError } from '../registry/registry.ts';

const count = z.int().min(0);
const sums = z.strictObject({ kind: z.string(), removed: count, bytes: count, failed: count });
const report = z.strictObject({
  /** `running` of one that is not running: it was broken off, and the next one goes on. */
  state: z.enum(['running', 'done']),
  hubId: z.string(),
  startedMs: z.number(),
  endedMs: z.number().nullable(),
  /** Whose wish it was; empty where it was due. */
  wish: z.string(),
  kinds: z.array(sums),
  /** What could not be looked through or removed, as sentences. */
  notes: z.array(z.string()),
});

export type RunReport = z.output<typeof report>;
export type KindSums = z.output<typeof sums>;

const reportKey = 'housekeeping-last';
const successKey = 'housekeeping-success';
const wishKey = 'housekeeping-wanted';

/** Undefined before the first run. */
export function lastReport(registry: Pick<Registry, 'meta'>): RunReport | undefined {
  const text = registry.meta(reportKey);
  return text === undefined || text === '' ? undefined : report.safeParse(JSON.parse(text)).data;
}

/** Under the lock of who tells it: a late one takes no place of a newer one. */
export async function keepReport(registry: Pick<Registry, 'setMeta'>, kept: RunReport, fence: Fence): Promise<void> {
  const { state, endedMs, notes } = kept;
  const success = state === 'done' && notes.length === 0 ? { [successKey]: String(endedMs) } : {};
  await registry.setMeta({ [reportKey]: JSON.stringify(kept), ...success }, { fence });
}

/** When a run had removed all that was to go; undefined before the first one. */
export function lastSuccessMs(registry: Pick<Registry, 'meta'>): number | undefined {
  const text = registry.meta(successKey);
  return text === undefined || text === '' ? undefined : Number(text);
}

/** The last wish for a run, done or not; empty where there was none. */
export function lastWish(registry: Pick<Registry, 'meta'>): string {
  return registry.meta(wishKey) ?? '';
}

/** False: somebody else wished since the last one was looked at. */
export async function keepWish(registry: Pick<Registry, 'meta' | 'setMeta'>, wish: string): Promise<boolean> {
  try {
    await registry.setMeta({ [wishKey]: wish }, { from: { [wishKey]: registry.meta(wishKey) } });
    return true;
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'REGISTRY_CONFLICT') return false;
    throw error;
  }
}
