/**
 * Who searched what belongs to the audit trail, the pattern with it: a trail that names no pattern answers nobody's question. It is written
 * beside the search, by a thread, and the first result waits for it only a moment: who closes the pipe on it is in the trail all the same,
 * and a registry that is busy, or that this user may not write, neither slows a search nor fails it.
 */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '@tributary/shared/log.ts';
import type { HubOptions } from '../options.ts';
import type { ArchiveQuery } from '../outputs/archive/search/query.ts';
import type { AuditEvent } from '../registry/registry.ts';
import type { SharedOptions } from '../registry/sqlite/registry-calls.ts';
import { registryFile } from '../registry/sqlite/registry-file.ts';
import type { ArchivePlace } from './archive-place.ts';
import { consoleActor } from './console-actor.ts';
import type { CommandHost } from './exit.ts';

/** Before the first result, the trail gets so long; after the last one, so long. */
const headStartMs = 250;
const recordWithinMs = 2000;

export interface SearchRecord {
  /** Resolves when it is recorded, or has had its time. */
  begin(): Promise<void>;
  /** To be awaited at the end: tells on standard error when the search could not be recorded. */
  finish(): Promise<void>;
}

export function recordSearch(
  place: Pick<ArchivePlace, 'dataDir' | 'shared'>,
  query: ArchiveQuery,
  host: CommandHost,
): SearchRecord {
  const recorded = record(place, eventOf(query, host)).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  return {
    begin: async () => {
      await within(recorded, headStartMs);
    },
    finish: async () => {
      const failure = await within(recorded, recordWithinMs);
      if (failure !== undefined) host.err(`tributary-hub: this search is not in the audit trail: ${failure}\n`);
    },
  };
}

async function within(recorded: Promise<string | undefined>, ms: number): Promise<string | undefined> {
  const settled = new AbortController();
  const late = sleep(ms, 'the registry does not answer', { signal: settled.signal }).catch(() => undefined);
  const failure = await Promise.race([recorded, late]);
  settled.abort();
  return failure;
}

async function record({ dataDir, shared: options }: Pick<ArchivePlace, 'dataDir' | 'shared'>, event: AuditEvent): Promise<void> {
  // An archive that no hub of this version ever ran on has no trail.
  if (!existsSync(registryFile(dataDir))) return;
  const { openRegistry } = await import('../registry/open-registry.ts');
  const shared = options === undefined ? undefined : await sharedBy(options);
  const log = createLogger({ level: 'error', sink: () => undefined });
  await using registry = await openRegistry({ folder: dataDir, log, thread: true, create: false, shared });
  await registry.record(event);
}

/** The trail of a site is its hubs' together, and every one of them has a copy. */
async function sharedBy(options: HubOptions): Promise<SharedOptions | undefined> {
  const { sharedOptions } = await import('../registry/redis/shared-options.ts');
  const shared = sharedOptions(options);
  return shared === undefined ? undefined : { ...shared, mayFound: false, patience: { openMsMax: recordWithinMs } };
}

function eventOf(query: ArchiveQuery, host: CommandHost): AuditEvent {
  const { pattern, sinceMs, untilMs, tenant, type, host: machine } = query;
  return {
    action: 'archive-searched',
    actor: consoleActor(host.env),
    address: '',
    outcome: 'success',
    tenant,
    details: {
      ...(pattern !== undefined && { pattern: pattern.text, pattern_kind: pattern.kind, ignore_case: pattern.ignoreCase }),
      ...(sinceMs !== undefined && { since: new Date(sinceMs).toISOString() }),
      ...(untilMs !== undefined && { until: new Date(untilMs).toISOString() }),
      ...(type !== undefined && { type }),
      ...(machine !== undefined && { host: machine }),
    },
  };
}
