/**
 * What keeps people from being told: silences, for what somebody works on, and acknowledgements, for what somebody knows of. Both are the site's, kept in the
 * registry and told in the audit trail; the trail comes first, so that nothing is held up that nobody can find there.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '@tributary/shared/clock.ts';
import * as z from 'zod';
import type { Actor } from '../channels/channel-operations.ts';
import { OperationError } from '../channels/operation-error.ts';
import { tenantName } from '../config/names.ts';
import type { HealthCause } from '../dashboard/api/health-shapes.ts';
import type { HealthTree } from '../health/model/health-model.ts';
import type { NodeId } from '../health/model/node-ids.ts';
import { isWorse } from '../health/model/states.ts';
import type { Registry } from '../registry/registry.ts';
import type { Alert } from './alert.ts';
import { acknowledgedGoneMs, acknowledgementsMax, silencesMax } from './limits.ts';
import { fitsNames } from './name-pattern.ts';

const level = z.enum(['yellow', 'red', 'unknown']);
const silence = z.strictObject({
  id: z.string(),
  node: z.string(),
  finding: z.string(),
  /** Undefined: also what is of the site, or of any tenant. */
  tenant: z.string().optional(),
  untilMs: z.number(),
  by: z.string(),
  note: z.string(),
  atMs: z.number(),
});
const acknowledgement = z.strictObject({
  node: z.string(),
  finding: z.string(),
  /** What gets worse than this is told again. */
  level,
  untilMs: z.number().optional(),
  by: z.string(),
  note: z.string(),
  atMs: z.number(),
});
const storedHolds = z.strictObject({ silences: z.array(silence), acknowledgements: z.array(acknowledgement) });

export type Silence = z.output<typeof silence>;
export type Acknowledgement = z.output<typeof acknowledgement>;
type Kept = z.output<typeof storedHolds>;

const note = z.string().trim().min(1).max(500);
const untilMs = z.number().int().min(0).max(8_640_000_000_000_000);

export const silenceRequest = z.strictObject({
  /** With `*` for anything: `agent/*`, `channel/shop/*`. */
  node: z.string().min(1).max(500).default('*'),
  finding: z.string().min(1).max(100).default('*'),
  tenant: tenantName.optional(),
  untilMs,
  note,
});
export const acknowledgeRequest = z.strictObject({
  node: z.string().min(1).max(1000),
  finding: z.string().min(1).max(100),
  untilMs: untilMs.optional(),
  note,
});
export type SilenceRequest = z.output<typeof silenceRequest>;
export type AcknowledgeRequest = z.output<typeof acknowledgeRequest>;

export interface HoldsParts {
  readonly registry: Pick<Registry, 'meta' | 'setMeta' | 'record'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly tree: () => HealthTree;
}

const metaKey = 'alert-holds';

export class Holds {
  readonly #parts: HoldsParts;
  readonly #goneSinceMs = new Map<string, number>();
  #read: { readonly text: string | undefined; readonly kept: Kept; readonly byNode: ReadonlyMap<string, Acknowledgement> } = {
    text: undefined,
    kept: nothingKept,
    byNode: new Map(),
  };
  /** Changes of this hub, one after the other. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(parts: HoldsParts) {
    this.#parts = parts;
  }

  get silences(): readonly Silence[] {
    const nowMs = this.#parts.clock.now();
    return this.#kept().silences.filter((one) => one.untilMs > nowMs);
  }

  get acknowledgements(): readonly Acknowledgement[] {
    const nowMs = this.#parts.clock.now();
    return this.#kept().acknowledgements.filter((one) => one.untilMs === undefined || one.untilMs > nowMs);
  }

  isSilenced({ node, kind, owners }: Pick<Alert, 'node' | 'kind' | 'owners'>): boolean {
    return this.silences.some(
      (one) =>
        fitsNames(one.node, node) &&
        fitsNames(one.finding, kind) &&
        (one.tenant === undefined || (owners !== 'site' && owners.every((owner) => owner === one.tenant))),
    );
  }

  /** Undefined: it is not, or it is worse than what somebody knew. */
  acknowledged(node: NodeId, cause: Pick<HealthCause, 'kind' | 'level'>): HealthCause['acknowledged'] {
    const kept = this.#kept();
    const found = kept.acknowledgements.length === 0 ? undefined : this.#read.byNode.get(keyOf({ node, finding: cause.kind }));
    if (found === undefined || isWorse(cause.level, found.level)) return undefined;
    const { by, note: why, untilMs: until } = found;
    if (until === undefined) return { by, note: why };
    return until <= this.#parts.clock.now() ? undefined : { by, note: why, untilMs: until };
  }

  /** Throws an OperationError. */
  async silence(request: SilenceRequest, by: Actor): Promise<Silence> {
    const nowMs = this.#parts.clock.now();
    if (request.untilMs <= nowMs) throw new OperationError('unclear', 'the time until when is over already');
    const made: Silence = { id: randomUUID().slice(0, 8), ...request, by: by.actor, atMs: nowMs };
    const { note: why, untilMs: until, ...details } = request;
    await this.#change(async () => {
      if (this.silences.length >= silencesMax)
        throw new OperationError('refused', `there are ${silencesMax} silences: end one of them`);
      await this.#tell('alerts-silenced', by, {
        tenant: request.tenant,
        details: { id: made.id, ...details, until: new Date(until).toISOString(), note: why },
      });
      return { silences: [...this.silences, made], acknowledgements: [...this.acknowledgements] };
    });
    return made;
  }

  silenceOf(id: string): Silence | undefined {
    return this.silences.find((one) => one.id === id);
  }

  /** Throws an OperationError. */
  async unsilence(id: string, by: Actor): Promise<void> {
    await this.#change(async () => {
      const found = this.silenceOf(id);
      if (found === undefined)
        throw new OperationError('unknown', 'there is no such silence: tributary-hub alerts list has them');
      await this.#tell('alerts-unsilenced', by, { tenant: found.tenant, details: { id, node: found.node } });
      return { silences: this.silences.filter((one) => one.id !== id), acknowledgements: [...this.acknowledgements] };
    });
  }

  /** Throws an OperationError. */
  async acknowledge({ node, finding, untilMs: until, note: why }: AcknowledgeRequest, by: Actor): Promise<Acknowledgement> {
    const { clock, tree } = this.#parts;
    const causes =
      tree()
        .get(node)
        ?.causes.filter(({ kind }) => kind === finding) ?? [];
    const [worst] = causes;
    if (worst === undefined) throw new OperationError('unknown', 'there is no such finding at this node now');
    if (until !== undefined && until <= clock.now()) throw new OperationError('unclear', 'the time until when is over already');
    const lasting = until === undefined ? {} : { untilMs: until };
    const made: Acknowledgement = { node, finding, level: worst.level, ...lasting, by: by.actor, note: why, atMs: clock.now() };
    await this.#change(async () => {
      const others = this.acknowledgements.filter((one) => one.node !== node || one.finding !== finding);
      if (others.length >= acknowledgementsMax)
        throw new OperationError('refused', `${acknowledgementsMax} findings are acknowledged: silence them instead`);
      await this.#tell('alert-acknowledged', by, { tenant: this.#tenantOf(node), details: { node, finding, note: why } });
      return { silences: [...this.silences], acknowledgements: [...others, made] };
    });
    return made;
  }

  /** Throws an OperationError. */
  async unacknowledge({ node, finding }: Pick<AcknowledgeRequest, 'node' | 'finding'>, by: Actor): Promise<void> {
    await this.#change(async () => {
      const others = this.acknowledgements.filter((one) => one.node !== node || one.finding !== finding);
      if (others.length === this.acknowledgements.length)
        throw new OperationError('unknown', 'nobody has acknowledged this finding at this node');
      await this.#tell('alert-unacknowledged', by, { tenant: this.#tenantOf(node), details: { node, finding } });
      return { silences: [...this.silences], acknowledgements: others };
    });
  }

  /** Forgets acknowledgements of what is gone: if it comes again it is another trouble. */
  async tidy(): Promise<void> {
    const { clock, tree } = this.#parts;
    const nowMs = clock.monotonic();
    const nodes = tree();
    const isOver = (one: Acknowledgement): boolean => {
      const key = keyOf(one);
      if (!isGone(nodes, one)) {
        this.#goneSinceMs.delete(key);
        return false;
      }
      return nowMs - this.#goneSinceMs.getOrInsert(key, nowMs) >= acknowledgedGoneMs;
    };
    // By what they say: a change that is under way reads all of them anew.
    const over = new Map(this.acknowledgements.filter(isOver).map((one) => [keyOf(one), one.atMs]));
    if (over.size === 0) return;
    await this.#change(async () => {
      const left = this.acknowledgements.filter((one) => over.get(keyOf(one)) !== one.atMs);
      return { silences: [...this.silences], acknowledgements: left };
    });
    for (const key of over.keys()) this.#goneSinceMs.delete(key);
  }

  #kept(): Kept {
    const text = this.#parts.registry.meta(metaKey);
    if (text === this.#read.text) return this.#read.kept;
    const read = readKept(text);
    const byNode = new Map(read.acknowledgements.map((one) => [keyOf(one), one]));
    this.#read = { text, kept: read, byNode };
    return read;
  }

  #tenantOf(node: NodeId): string | undefined {
    const owners = this.#parts.tree().get(node)?.owners ?? 'site';
    return owners === 'site' || owners.length !== 1 ? undefined : owners[0];
  }

  async #tell(
    action: 'alerts-silenced' | 'alerts-unsilenced' | 'alert-acknowledged' | 'alert-unacknowledged',
    { actor, address }: Actor,
    { tenant, details }: { readonly tenant: string | undefined; readonly details: Readonly<Record<string, string | undefined>> },
  ): Promise<void> {
    const told = Object.entries(details).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]));
    await this.#parts.registry.record({ action, actor, address, outcome: 'success', tenant, details: Object.fromEntries(told) });
  }

  #change(make: () => Promise<Kept>): Promise<void> {
    const before = this.#changing;
    const change = async (): Promise<void> => {
      await before;
      await this.#parts.registry.setMeta({ [metaKey]: JSON.stringify(await make()) });
    };
    const changed = change();
    this.#changing = changed.catch(() => undefined);
    return changed;
  }
}

const nothingKept: Kept = { silences: [], acknowledgements: [] };

function keyOf({ node, finding }: Pick<Acknowledgement, 'node' | 'finding'>): string {
  return `${node}\n${finding}`;
}

function isGone(nodes: HealthTree, { node, finding }: Acknowledgement): boolean {
  return nodes.get(node)?.causes.some(({ kind }) => kind === finding) !== true;
}

function readKept(text: string | undefined): Kept {
  try {
    return text === undefined ? nothingKept : storedHolds.parse(JSON.parse(text));
  } catch {
    return nothingKept;
  }
}
