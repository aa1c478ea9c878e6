/**
 * Who may come in: agents, enrolment tokens, tokens of the HTTP API, users and their sessions, and the audit trail of all of it. One
 * contract; sqlite/ is the embedded one, a cluster's is its store (part 4).
 *
 * Every change is durable when its promise resolves, and its audit event is stored in the same transaction: what is not in the trail did
 * not happen. Commands of the same machine change it while a hub runs; `onChanged` tells within a second. Secrets come in as their
 * hashes: no method takes or returns one.
 */
import type { Id } from '@tributary/protocol/messages.ts';
import type { Fence } from '../cluster/cluster.ts';
import type { AuditActionName } from '../platform/audit-actions.ts';
import type { Grant, Scope, TenantName } from '../access/access.ts';

/** Why it could not be done, with a sentence for the person. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly code: 'REGISTRY_UNKNOWN' | 'REGISTRY_CONFLICT' | 'REGISTRY_UNAVAILABLE';
  constructor(code: RegistryError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface Agent {
  readonly agentId: Id;
  /** `hub`: one of the hubs of a lower site; `agentId` is the hub's id. */
  readonly kind: 'agent' | 'hub';
  /** Of a hub: the lower site's id. */
  readonly siteId: Id | undefined;
  readonly tenants: readonly string[] | 'all';
  readonly labels: Readonly<Record<string, string>>;
  readonly host: string;
  readonly instanceId: Id;
  /** SHA-256 of its present certificates, hexadecimal: the newest first, and the one before until the new one was used. */
  readonly fingerprints: readonly string[];
  readonly notAfterMs: number;
  readonly enrolledMs: number;
  readonly tokenId: string;
  /** `cloned`: two machines use it; both are refused until one is made a new agent. */
  readonly state: 'active' | 'revoked' | 'cloned';
  /** Of its last Hello; the counter never goes back. */
  readonly bootId: Id;
  readonly startCounter: number;
  readonly lastSeenMs: number | undefined;
  /** Boots that gave this identity up (`enroll --renew`): never let in under it again. The newest, up to a bound. */
  readonly retiredBoots: readonly Id[];
  /** The last time that a copy on another machine was refused while this agent went on; kept until the copy is made a new agent. */
  readonly refusedCopy: RefusedCopy | undefined;
}

export interface RefusedCopy {
  readonly seenMs: number;
  readonly address: string;
  readonly bootId: Id;
}

/** What a certificate says that another authority than the site's own signed: such an agent enrols by coming. */
export interface VouchedAgent {
  readonly kind: 'agent' | 'hub';
  readonly siteId?: Id | undefined;
  readonly tenants: readonly string[] | 'all';
  readonly host: string;
  readonly notAfterMs: number;
}

export interface EnrolmentTokenRecord {
  readonly tokenId: string;
  /** SHA-256 of the secret, hexadecimal. */
  readonly secretHash: string;
  readonly kind: 'agent' | 'hub';
  /** Of a lower site's hub: good for this site only, and needed for one more hub of a site that is known already. */
  readonly siteId?: Id | undefined;
  readonly tenants: readonly string[] | 'all';
  readonly labels: Readonly<Record<string, string>>;
  readonly usesMax: number;
  readonly uses: number;
  readonly createdMs: number;
  readonly createdBy: string;
  readonly expiresMs: number;
  readonly revokedMs: number | undefined;
}

export interface ApiTokenRecord {
  readonly tokenId: string;
  readonly secretHash: string;
  readonly tenant: TenantName;
  readonly scope: Scope;
  readonly note: string;
  readonly createdMs: number;
  readonly createdBy: string;
  /** Undefined: it does not expire. */
  readonly expiresMs: number | undefined;
  readonly revokedMs: number | undefined;
  readonly lastUsedMs: number | undefined;
}

export interface UserRecord {
  readonly name: string;
  /** `scrypt$N$r$p$salt$hash` (access/passwords.ts); undefined: signs in at the provider only. */
  readonly passwordHash: string | undefined;
  /** A one-time password: it may only be changed. */
  readonly mustChange: boolean;
  readonly grants: readonly Grant[];
  readonly createdMs: number;
  readonly disabled: boolean;
}

export interface ChangedFrom {
  /** Undefined: there was no such user. */
  readonly before: UserRecord | undefined;
}

export interface SessionRecord {
  /** SHA-256 of what the cookie holds. */
  readonly idHash: string;
  readonly user: string;
  /** Of a person from a provider, who has no row of users: what the provider's groups gave. */
  readonly grants: readonly Grant[] | undefined;
  readonly createdMs: number;
  readonly expiresMs: number;
}

/** Who did what to what: becomes a platform event (platform/hub-events.ts). Never holds a secret. */
export interface AuditEvent {
  readonly action: AuditActionName;
  /** As `nameOf(principal)` has it. */
  readonly actor: string;
  /** Address the request came from; empty for the console. */
  readonly address: string;
  readonly outcome: 'success' | 'failure';
  readonly tenant: TenantName | undefined;
  /** What it was done to, and with what: small, flat, for people. */
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

export interface StoredAuditEvent extends AuditEvent {
  readonly sequence: number;
  readonly atMs: number;
}

/** Key of `meta`: events that found no room in the trail, until the trail itself tells of them. */
export const auditDroppedKey = 'audit-dropped';

/** A certificate that is about to be handed out. The answer says whether it may be. */
export interface Enrolment {
  readonly tokenId: string;
  readonly secretHash: string;
  readonly kind: 'agent' | 'hub';
  readonly agentId: Id;
  /** Of a hub: its own site's id. */
  readonly siteId?: Id | undefined;
  readonly instanceId: Id;
  readonly bootId: Id;
  readonly host: string;
  readonly replaces: { readonly agentId: Id; readonly bootId: Id } | undefined;
  /** SHA-256 of the public key: the same key with the same token again is the same enrolment, and counts once. */
  readonly keyHash: string;
}

export type EnrolmentDecision =
  | { readonly kind: 'granted'; readonly tenants: readonly string[] | 'all'; readonly labels: Readonly<Record<string, string>> }
  | {
      readonly kind: 'refused';
      readonly reason: 'token' | 'token-expired' | 'token-used-up' | 'identity';
      readonly hint: string;
    };

export interface Greeting {
  readonly agentId: Id;
  readonly instanceId: Id;
  readonly bootId: Id;
  readonly startCounter: number;
  readonly fingerprint: string;
  readonly vouched?: VouchedAgent;
}

export type HelloVerdict =
  | { readonly kind: 'welcome' }
  | { readonly kind: 'refused'; readonly code: 'clone' | 'superseded' | 'unauthorized'; readonly hint: string };

export interface HowSet {
  /** What is there already stays, so that of several hubs that set a site up at once the first one decides. */
  readonly unlessSet?: boolean;
  /** What the change was made from: where one of these is another by now, nothing is set or told, and it is a REGISTRY_CONFLICT. */
  readonly from?: Readonly<Record<string, string | undefined>>;
  /** Told in the same step. */
  readonly audit?: AuditEvent;
  /** As of `auditPassedOn`. */
  readonly fence?: Fence;
}

export interface Registry extends AsyncDisposable {
  /**
   * Checks and counts the token and writes the agent's row in one step. An id that is taken is granted again only to the same
   * tenants and the same machine; one that was revoked never.
   */
  enrol(enrolment: Enrolment, audit: Pick<AuditEvent, 'address'>): Promise<EnrolmentDecision>;
  /** A certificate was made for an enrolled agent, by enrolment or renewal. Durable before it is handed out. */
  certified(
    agentId: Id,
    certificate: { readonly fingerprint: string; readonly notAfterMs: number },
    address: string,
  ): Promise<void>;
  /**
   * Judges a Hello and remembers its start: durable when it resolves. Clones are marked, and told in the audit trail. A
   * certificate that was replaced is judged here too, not before: it may be a clone's. `vouched` only with an authority that is
   * not the site's own; without it an agent that never enrolled is refused.
   */
  greeted(hello: Greeting, address: string): Promise<HelloVerdict>;
  /** It is connected now, or said something: kept in memory, and written once a minute. Never waits. */
  seen(agentId: Id): void;
  /** From memory, as of the last change seen. */
  agent(agentId: Id): Agent | undefined;
  agents(): readonly Agent[];
  /** By the id of a lower site: all hubs of it. */
  revokeAgent(agentId: Id, audit: Pick<AuditEvent, 'actor' | 'address'>): Promise<void>;
  /**
   * As if it had never been here. Where the site's own authority signs, it has to enrol again; where another's does, it is let in as it
   * comes next, which is the way out for its clones and for a machine that was set up anew.
   */
  forgetAgent(agentId: Id, audit: Pick<AuditEvent, 'actor' | 'address'>): Promise<void>;

  addEnrolmentToken(token: EnrolmentTokenRecord, audit: Pick<AuditEvent, 'actor' | 'address'>): Promise<void>;
  enrolmentTokens(): Promise<readonly EnrolmentTokenRecord[]>;
  addApiToken(token: ApiTokenRecord, audit: Pick<AuditEvent, 'actor' | 'address'>): Promise<void>;
  apiTokens(): Promise<readonly ApiTokenRecord[]>;
  /** From memory: one look per request. */
  apiToken(tokenId: string): ApiTokenRecord | undefined;
  /** It was used now: kept in memory, and written once a minute. Never waits. */
  apiTokenUsed(tokenId: string): void;
  /** Either kind. One that is revoked already stays as it is. */
  revokeToken(tokenId: string, audit: Pick<AuditEvent, 'actor' | 'address'>): Promise<void>;
  /** Either kind: those that expired, were revoked or were made and used up before this time. Others of these names stay. The caller has told the trail. */
  forgetTokens(tokenIds: readonly string[], overBeforeMs: number): Promise<void>;

  /**
   * Makes or replaces. Another password, or `disabled`, ends all sessions of the user. `from`: what the change was made from; where the
   * user is another by now, the change is a REGISTRY_CONFLICT, so that nobody's change undoes one that came between.
   */
  putUser(user: UserRecord, audit: AuditEvent, from?: ChangedFrom): Promise<void>;
  removeUser(name: string, audit: Pick<AuditEvent, 'actor' | 'address'>): Promise<void>;
  user(name: string): UserRecord | undefined;
  users(): readonly UserRecord[];
  putSession(session: SessionRecord, audit: AuditEvent): Promise<void>;
  /** From memory; undefined when it has expired. */
  session(idHash: string): SessionRecord | undefined;
  removeSession(idHash: string, audit: AuditEvent): Promise<void>;

  /**
   * What changed nothing here: a failed login, a search, a changed configuration. With the fence of a lock that is over: as `auditPassedOn`, so
   * that what is told before it is done is neither told nor done then.
   */
  record(audit: AuditEvent, fence?: Fence): Promise<void>;
  /** The trail that was not passed on yet, oldest first. */
  auditAfter(sequence: number, max: number): Promise<readonly StoredAuditEvent[]>;
  /** These and all before them are in the platform topic. With the fence of a lock that is over where hubs share the registry: a REGISTRY_CONFLICT. */
  auditPassedOn(sequence: number, fence?: Fence): Promise<void>;

  /** Small values that belong to the site: hash of the last configuration, quota sums. */
  meta(key: string): string | undefined;
  setMeta(values: Readonly<Record<string, string>>, how?: HowSet): Promise<void>;

  /** Changes that wait for a store that is away fail at once, and so do all that come: the hub stops. */
  giveUp(): void;

  /** Called after any change, by this process or another, once memory has it. Returns its own removal. */
  onChanged(listener: () => void): () => void;
}
