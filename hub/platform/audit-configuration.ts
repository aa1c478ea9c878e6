/**
 * Tells the audit trail at a start that the configuration is another one than at the start before: the names of the top-level options that
 * changed, without their values. The registry keeps a digest of each. The digests are keyed with random bytes that never leave the
 * registry, so that nobody can try passwords against the one that the event shows.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { Id } from '@tributary/protocol/messages.ts';
import type { HubOptions } from '../options.ts';
import type { Registry } from '../registry/registry.ts';

const keyBytes = 32;
const shownDigits = 16;

interface Remembered {
  readonly key: string;
  readonly digests: Readonly<Record<string, string>>;
}

/** True when it was told. The event comes before what is remembered: a crash in between tells it again, never not at all. */
export async function auditConfiguration(registry: AuditRegistry, options: HubOptions, hubId: Id): Promise<boolean> {
  // Each hub of a site has a configuration of its own.
  return await auditChanges(registry, { metaKey: `configuration ${hubId}`, what: 'options', values: options });
}

/** As `auditConfiguration`, of the pipelines: names alone. A hub that never had any tells nothing. */
export async function auditPipelines(
  registry: AuditRegistry,
  pipelines: readonly { readonly name: string }[],
  hubId: Id,
): Promise<boolean> {
  const metaKey = `pipelines ${hubId}`;
  if (pipelines.length === 0 && registry.meta(metaKey) === undefined) return false;
  const values = Object.fromEntries(pipelines.map((pipeline) => [pipeline.name, pipeline]));
  return await auditChanges(registry, { metaKey, what: 'pipelines', values });
}

type AuditRegistry = Pick<Registry, 'meta' | 'setMeta' | 'record'>;

interface Audited {
  readonly metaKey: string;
  readonly what: 'options' | 'pipelines';
  readonly values: Readonly<Record<string, unknown>>;
}

async function auditChanges(registry: AuditRegistry, { metaKey, what, values }: Audited): Promise<boolean> {
  const before = rememberedOf(registry.meta(metaKey));
  const key = before?.key ?? randomBytes(keyBytes).toString('hex');
  const digests: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) digests[name] = digestOf(key, value);
  }
  const names = new Set([...Object.keys(digests), ...Object.keys(before?.digests ?? {})]);
  const changed = [...names].filter((name) => digests[name] !== before?.digests[name]).toSorted();
  if (changed.length === 0) return false;
  const digest = digestOf(key, digests).slice(0, shownDigits);
  await registry.record({
    action: 'configuration-changed',
    actor: 'hub',
    address: '',
    outcome: 'success',
    tenant: undefined,
    details: {
      configuration: digest,
      ...(before === undefined && what === 'options' ? { first: true } : { [what]: changed.join(' ') }),
    },
  });
  await registry.setMeta({ [metaKey]: JSON.stringify({ key, digests } satisfies Remembered) });
  return true;
}

function digestOf(key: string, value: unknown): string {
  return createHmac('sha256', key).update(JSON.stringify(value)).digest('hex');
}

function rememberedOf(stored: string | undefined): Remembered | undefined {
  if (stored === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(stored);
    return isRemembered(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRemembered(value: unknown): value is Remembered {
  if (typeof value !== 'object' || value === null || !('key' in value) || !('digests' in value)) return false;
  const { key, digests } = value;
  return typeof key === 'string' && key.length === 2 * keyBytes && typeof digests === 'object' && digests !== null;
}
