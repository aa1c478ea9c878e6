/**
 * A registry over a database of this hub: the whole of it, or its copy of what the hubs of a site share (redis/). Changes go to whoever writes and resolve after their commit, once the memory view has them; reads come from
 * the view. Changes of other processes are looked for twice a second.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Id } from '@tributary/protocol/messages.ts';
import { ThreadCallError } from '@tributary/shared/async/thread-call.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import type { Fence } from '../../cluster/cluster.ts';
import { lazyWriteMs, pollMs } from '../limits.ts';
import type {
  Agent,
  ApiTokenRecord,
  AuditEvent,
  ChangedFrom,
  Enrolment,
  EnrolmentDecision,
  EnrolmentTokenRecord,
  Greeting,
  HelloVerdict,
  HowSet,
  Registry,
  SessionRecord,
  StoredAuditEvent,
  UserRecord,
} from '../registry.ts';
import { RegistryError } from '../registry.ts';
import { MemoryView } from './memory-view.ts';
import type { RegistryCalls, RegistryContract } from './registry-calls.ts';

export interface SqliteRegistryParts {
  readonly calls: RegistryCalls;
  /** Only reads. Closed by the registry. */
  readonly db: DatabaseSync;
  readonly clock: Clock;
  readonly log: Logger;
}

type By = Pick<AuditEvent, 'actor' | 'address'>;

export class SqliteRegistry implements Registry {
  readonly #calls: RegistryCalls;
  readonly #db: DatabaseSync;
  readonly #view: MemoryView;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #listeners = new Set<() => void>();
  readonly #agentsSeen = new Map<Id, number>();
  readonly #tokensUsed = new Map<string, number>();
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;
  #isEnding = false;

  constructor(parts: SqliteRegistryParts) {
    this.#calls = parts.calls;
    this.#db = parts.db;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#view = new MemoryView(parts.db);
    this.#watching = this.#watch(this.#stop.signal);
  }

  enrol(enrolment: Enrolment, { address }: Pick<AuditEvent, 'address'>): Promise<EnrolmentDecision> {
    return this.#change('enrol', { enrolment, address, nowMs: this.#clock.now() });
  }

  certified(agentId: Id, certificate: Parameters<Registry['certified']>[1], address: string): Promise<void> {
    return this.#change('certified', { agentId, ...certificate, address, nowMs: this.#clock.now() });
  }

  async greeted(hello: Greeting, address: string): Promise<HelloVerdict> {
    const verdict = await this.#change('greeted', { hello, address, nowMs: this.#clock.now() });
    if (verdict.kind === 'welcome') this.seen(hello.agentId);
    return verdict;
  }

  seen(agentId: Id): void {
    const nowMs = this.#clock.now();
    this.#agentsSeen.set(agentId, nowMs);
    this.#view.seen(agentId, nowMs);
  }

  agent(agentId: Id): Agent | undefined {
    return this.#view.agent(agentId);
  }

  agents(): readonly Agent[] {
    return this.#view.agents();
  }

  revokeAgent(agentId: Id, audit: By): Promise<void> {
    return this.#change('revokeAgent', { agentId, audit, nowMs: this.#clock.now() });
  }

  forgetAgent(agentId: Id, audit: By): Promise<void> {
    return this.#change('forgetAgent', { agentId, audit, nowMs: this.#clock.now() });
  }

  addEnrolmentToken(token: EnrolmentTokenRecord, audit: By): Promise<void> {
    return this.#change('addEnrolmentToken', { token, audit, nowMs: this.#clock.now() });
  }

  async enrolmentTokens(): Promise<readonly EnrolmentTokenRecord[]> {
    return this.#view.enrolmentTokens.all();
  }

  addApiToken(token: ApiTokenRecord, audit: By): Promise<void> {
    return this.#change('addApiToken', { token, audit, nowMs: this.#clock.now() });
  }

  async apiTokens(): Promise<readonly ApiTokenRecord[]> {
    return [...this.#view.apiTokens.values()].toSorted((one, other) => one.createdMs - other.createdMs);
  }

  /** A program uses a token right after a command has made it, and must not use it right after one has revoked it: no time to wait for. */
  apiToken(tokenId: string): ApiTokenRecord | undefined {
    this.#lookNow();
    return this.#view.apiTokens.get(tokenId);
  }

  apiTokenUsed(tokenId: string): void {
    const nowMs = this.#clock.now();
    this.#tokensUsed.set(tokenId, nowMs);
    this.#view.apiTokenUsed(tokenId, nowMs);
  }

  revokeToken(tokenId: string, audit: By): Promise<void> {
    return this.#change('revokeToken', { tokenId, audit, nowMs: this.#clock.now() });
  }

  forgetTokens(tokenIds: readonly string[], overBeforeMs: number): Promise<void> {
    return this.#change('forgetTokens', { tokenIds, overBeforeMs, nowMs: this.#clock.now() });
  }

  putUser(user: UserRecord, audit: AuditEvent, from?: ChangedFrom): Promise<void> {
    return this.#change('putUser', { user, audit, from, nowMs: this.#clock.now() });
  }

  removeUser(name: string, audit: By): Promise<void> {
    return this.#change('removeUser', { name, audit, nowMs: this.#clock.now() });
  }

  user(name: string): UserRecord | undefined {
    return this.#view.users.get(name);
  }

  users(): readonly UserRecord[] {
    return [...this.#view.users.values()].toSorted((one, other) => (one.name < other.name ? -1 : 1));
  }

  putSession(session: SessionRecord, audit: AuditEvent): Promise<void> {
    return this.#change('putSession', { session, audit, nowMs: this.#clock.now() });
  }

  session(idHash: string): SessionRecord | undefined {
    const session = this.#view.sessions.get(idHash);
    return session !== undefined && session.expiresMs > this.#clock.now() ? session : undefined;
  }

  removeSession(idHash: string, audit: AuditEvent): Promise<void> {
    return this.#change('removeSession', { idHash, audit, nowMs: this.#clock.now() });
  }

  record(audit: AuditEvent, fence?: Fence): Promise<void> {
    return this.#change('record', { audit, fence: plain(fence), nowMs: this.#clock.now() });
  }

  async auditAfter(sequence: number, max: number): Promise<readonly StoredAuditEvent[]> {
    return this.#view.audit.after(sequence, max);
  }

  auditPassedOn(sequence: number, fence?: Fence): Promise<void> {
    return this.#change('auditPassedOn', { sequence, fence: plain(fence), nowMs: this.#clock.now() });
  }

  meta(key: string): string | undefined {
    return this.#view.meta.get(key);
  }

  setMeta(values: Readonly<Record<string, string>>, how: HowSet = {}): Promise<void> {
    const { unlessSet, from, audit, fence } = how;
    return this.#change('setMeta', { values, unlessSet, from, audit, fence: plain(fence), nowMs: this.#clock.now() });
  }

  onChanged(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Who was seen is written; the reader closes first, so that the writer can put the log back. */
  giveUp(): void {
    if (!this.#isEnding) this.#calls.call('giveUp', undefined).catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort();
    await this.#watching;
    if (this.#agentsSeen.size + this.#tokensUsed.size > 0) await this.#tidy();
    this.#isEnding = true;
    this.#db.close();
    await this.#calls[Symbol.asyncDispose]();
  }

  async #change<Name extends keyof RegistryContract>(
    name: Name,
    argument: RegistryContract[Name]['argument'],
  ): Promise<RegistryContract[Name]['result']> {
    try {
      const result = await this.#calls.call(name, argument);
      this.#look();
      return result;
    } catch (error) {
      // What it was refused for may be another hub's change, which whoever tries again has to see.
      this.#lookNow();
      throw registryErrorOf(error);
    }
  }

  #look(): void {
    if (!this.#db.isOpen || !this.#view.look()) return;
    for (const listener of this.#listeners) listener();
  }

  #lookNow(): void {
    try {
      this.#look();
    } catch (error) {
      this.#log.warn('the registry cannot be read now', { error });
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    let tidiedMs = -Infinity;
    for (;;) {
      try {
        if (this.#clock.monotonic() - tidiedMs >= lazyWriteMs) {
          tidiedMs = this.#clock.monotonic();
          await this.#tidy();
        }
      } catch (error) {
        this.#log.warn('the registry cannot be read now', { error });
      }
      this.#lookNow();
      try {
        await this.#clock.sleep(pollMs, signal);
      } catch {
        return;
      }
    }
  }

  /** What it is about may be lost: who was seen is seen again. */
  async #tidy(): Promise<void> {
    const agents = [...this.#agentsSeen];
    const tokens = [...this.#tokensUsed];
    this.#agentsSeen.clear();
    this.#tokensUsed.clear();
    try {
      await this.#change('tidy', { agents, tokens, nowMs: this.#clock.now() });
      if (this.#db.isOpen) this.#view.lookSeen();
    } catch (error) {
      this.#log.warn('the registry cannot be tidied now', { error });
    }
  }
}

/** Of a held lock: what crosses to a thread. */
function plain(fence: Fence | undefined): Fence | undefined {
  return fence === undefined ? undefined : { name: fence.name, token: fence.token };
}

const registryErrorCodes: readonly RegistryError['code'][] = ['REGISTRY_UNKNOWN', 'REGISTRY_CONFLICT', 'REGISTRY_UNAVAILABLE'];

/** An error of the registry is the same on both sides of the thread. */
function registryErrorOf(error: unknown): unknown {
  if (!(error instanceof ThreadCallError)) return error;
  const code = registryErrorCodes.find((known) => known === error.code);
  return code === undefined ? error : new RegistryError(code, error.message, { cause: error });
}
