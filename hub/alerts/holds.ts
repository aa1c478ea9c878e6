/**
 * What keeps people from being told: silences, for what somebody works on, and acknowledgements, for what somebody knows of. Both are the site's, kept in the
 * registry (kept-holds.ts) and told in the audit trail in one step. A change is made from what there is; where another hub was first it is made again from that.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import * as z from 'zod';
import type { Actor } from '../channels/channel-operations.ts';
import { OperationError } from '../channels/operation-error.ts';
import { tenantName } from '../config/names.ts';
import type { HealthCause } from '../dashboard/api/health-shapes.ts';
import type { HealthTree } from '../health/model/health-model.ts';
import type { NodeId } from '../health/model/node-ids.ts';
import { isWorse } from '../health/model/states.ts';
import { type AuditEvent, type Registry, RegistryError } from '../registry/registry.ts';
import type { Alert } from './alert.ts';
import { type Acknowledgement, type Kept, ReadHolds, type Silence, keyOf, roomProblem } from './kept-holds.ts';
import { acknowledgedGoneMs, changeTriesMax } from './limits.ts';
import { fitsNames } from './name-pattern.ts';
import { isUnheard } from './unheard.ts';

const note = z.string().trim().min(1).max(500);
const moment = z.number().int().min(0).max(8_640_000_000_000_000);

export const silenceRequest = z.strictObject({
  /** With `*` for anything: `agent/*`, `channel/shop/*`. */
  node: z.string().min(1).max(500).default('*'),
  finding: z.string().min(1).max(100).default('*'),
  tenant: tenantName.optional(),
  /** At once unless given. */
  fromMs: moment.optional(),
  untilMs: moment,
  note,
});
export const acknowledgeRequest = z.strictObject({
  node: z.string().min(1).max(1000),
  finding: z.string().min(1).max(100),
  untilMs: moment.optional(),
  note,
});
export type SilenceRequest = z.output<typeof silenceRequest>;
export type AcknowledgeRequest = z.output<typeof acknowledgeRequest>;

export interface HoldsParts {
  readonly registry: Pick<Registry, 'meta' | 'setMeta'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly tree: () => HealthTree;
  readonly logger: Logger;
}

/** A change of what is kept. Undefined: of the trail, nothing is told. */
interface Change {
  readonly kept: Kept;
  readonly audit: AuditEvent | undefined;
}

interface About {
  readonly tenant: string | undefined;
  readonly details: Readonly<Record<string, string | undefined>>;
}

const metaKey = 'alert-holds';
const unreadable =
  'what is stored of silences is damaged, or of a newer hub of this site, and is not written over: update this hub, or restore a backup of the registry';

export class Holds {
  readonly #parts: HoldsParts;
  readonly #goneSinceMs = new Map<string, number>();
  #read = new ReadHolds(undefined);
  /** Changes of this hub, one after the other. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(parts: HoldsParts) {
    this.#parts = parts;
  }

  get silences(): readonly Silence[] {
    return this.#now().silences;
  }

  get acknowledgements(): readonly Acknowledgement[] {
    return this.#now().acknowledgements;
  }

  isSilenced(alert: Pick<Alert, 'node' | 'kind' | 'owners'>): boolean {
    return this.silenced(alert) !== undefined;
  }

  /** Of several the one that ends last; undefined: people are told. */
  silenced({ node, kind, owners }: Pick<Alert, 'node' | 'kind' | 'owners'>): Silence | undefined {
    const nowMs = this.#parts.clock.now();
    return this.#kept()
      .silencesOf(owners)
      .filter((one) => isOn(one, nowMs) && fitsNames(one.node, node) && fitsNames(one.finding, kind))
      .reduce<Silence | undefined>((last, one) => (last !== undefined && last.untilMs >= one.untilMs ? last : one), undefined);
  }

  /** Undefined: it is not, or it is worse than what somebody knew. */
  acknowledged(node: NodeId, cause: Pick<HealthCause, 'kind' | 'level'>): HealthCause['acknowledged'] {
    const found = this.#kept().acknowledgementOf({ node, finding: cause.kind });
    if (found === undefined || isWorse(cause.level, found.level)) return undefined;
    const { by, note: why, untilMs: until } = found;
    if (until === undefined) return { by, note: why };
    return until <= this.#parts.clock.now() ? undefined : { by, note: why, untilMs: until };
  }

  /** Throws an OperationError. */
  async silence(request: SilenceRequest, by: Actor): Promise<Silence> {
    const nowMs = this.#parts.clock.now();
    if (request.untilMs <= nowMs) throw new OperationError('unclear', 'the time until when is over already');
    if (request.fromMs !== undefined && request.fromMs >= request.untilMs)
      throw new OperationError('unclear', 'it would end before it begins');
    const made: Silence = { id: randomUUID().slice(0, 8), ...request, by: by.actor, atMs: nowMs };
    const { note: why, fromMs: from, untilMs: until, ...about } = request;
    const begins = from === undefined ? {} : { from: new Date(from).toISOString() };
    const details = { id: made.id, ...about, ...begins, until: new Date(until).toISOString(), note: why };
    await this.#change(({ silences, acknowledgements }) => {
      const kept = { silences: [...silences, made], acknowledgements };
      refuseTooMany(kept, made.tenant);
      return { kept, audit: auditOf('alerts-silenced', by, { tenant: request.tenant, details }) };
    });
    return made;
  }

  silenceOf(id: string): Silence | undefined {
    return this.silences.find((one) => one.id === id);
  }

  /** Throws an OperationError. */
  async unsilence(id: string, by: Actor): Promise<void> {
    await this.#change(({ silences, acknowledgements }) => {
      const found = silences.find((one) => one.id === id);
      if (found === undefined)
        throw new OperationError('unknown', 'there is no such silence: tributary-hub alerts list has them');
      const kept = { silences: silences.filter((one) => one !== found), acknowledgements };
      const about = { tenant: found.tenant, details: { id, node: found.node } };
      return { kept, audit: auditOf('alerts-unsilenced', by, about) };
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
    const tenant = this.#tenantOf(node);
    const owned = tenant === undefined ? {} : { tenant };
    const told = { level: worst.level, ...lasting, by: by.actor, note: why, atMs: clock.now() };
    const made: Acknowledgement = { node, finding, ...owned, ...told };
    const audit = auditOf('alert-acknowledged', by, { tenant, details: { node, finding, note: why } });
    await this.#change(({ silences, acknowledgements }) => {
      const others = acknowledgements.filter((one) => keyOf(one) !== keyOf(made));
      const kept = { silences, acknowledgements: [...others, made] };
      refuseTooMany(kept, tenant);
      return { kept, audit };
    });
    return made;
  }

  /** Throws an OperationError. */
  async unacknowledge(about: Pick<AcknowledgeRequest, 'node' | 'finding'>, by: Actor): Promise<void> {
    const { node, finding } = about;
    const audit = auditOf('alert-unacknowledged', by, { tenant: this.#tenantOf(node), details: { node, finding } });
    await this.#change(({ silences, acknowledgements }) => {
      const others = acknowledgements.filter((one) => keyOf(one) !== keyOf(about));
      if (others.length === acknowledgements.length)
        throw new OperationError('unknown', 'nobody has acknowledged this finding at this node');
      return { kept: { silences, acknowledgements: others }, audit };
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
    await this.#change(({ silences, acknowledgements }) => {
      const left = acknowledgements.filter((one) => over.get(keyOf(one)) !== one.atMs);
      return { kept: { silences, acknowledgements: left }, audit: undefined };
    });
    for (const key of over.keys()) this.#goneSinceMs.delete(key);
  }

  #kept(): ReadHolds {
    const { registry, logger } = this.#parts;
    const text = registry.meta(metaKey);
    const before = this.#read;
    if (text === before.text) return before;
    this.#read = new ReadHolds(text);
    const { problem } = this.#read;
    if (problem !== undefined && problem !== before.problem)
      logger.warn('not all silences and acknowledgements can be read: people are told of what they would hold back', {
        reason: problem,
      });
    return this.#read;
  }

  /** Without what is over. */
  #now(): Kept {
    const nowMs = this.#parts.clock.now();
    const { silences, acknowledgements } = this.#kept().kept;
    return {
      silences: silences.filter((one) => one.untilMs > nowMs),
      acknowledgements: acknowledgements.filter((one) => one.untilMs === undefined || one.untilMs > nowMs),
    };
  }

  #tenantOf(node: NodeId): string | undefined {
    const owners = this.#parts.tree().get(node)?.owners ?? 'site';
    return owners === 'site' || owners.length !== 1 ? undefined : owners[0];
  }

  #change(make: (kept: Kept) => Change): Promise<void> {
    const before = this.#changing;
    const change = async (): Promise<void> => {
      await before;
      for (let tries = 1; !(await this.#tried(make)); tries += 1) {
        if (tries >= changeTriesMax) throw new OperationError('refused', 'others change silences all the time: try it again');
      }
    };
    const changed = change();
    this.#changing = changed.catch(() => undefined);
    return changed;
  }

  /** False: another hub was first. */
  async #tried(make: (kept: Kept) => Change): Promise<boolean> {
    const { registry } = this.#parts;
    const before = this.#kept();
    if (!before.isReadable) throw new OperationError('refused', unreadable);
    const { kept, audit } = make(this.#now());
    const told = audit === undefined ? {} : { audit };
    try {
      await registry.setMeta({ [metaKey]: before.textWith(kept) }, { from: { [metaKey]: before.text }, ...told });
      return true;
    } catch (error) {
      if (error instanceof RegistryError && error.code === 'REGISTRY_CONFLICT') return false;
      throw error;
    }
  }
}

function isOn({ fromMs = 0, untilMs }: Silence, nowMs: number): boolean {
  return fromMs <= nowMs && nowMs < untilMs;
}

function refuseTooMany(kept: Kept, tenant: string | undefined): void {
  const problem = roomProblem(kept, tenant);
  if (problem !== undefined) throw new OperationError('refused', problem);
}

function auditOf(action: AuditEvent['action'], { actor, address }: Actor, { tenant, details }: About): AuditEvent {
  const told = Object.entries(details).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]));
  return { action, actor, address, outcome: 'success', tenant, details: Object.fromEntries(told) };
}

function isGone(nodes: HealthTree, { node, finding }: Acknowledgement): boolean {
  return nodes.get(node)?.causes.some(({ kind }) => kind === finding) !== true && !isUnheard(nodes, node);
}
