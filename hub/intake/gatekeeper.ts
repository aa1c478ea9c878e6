/**
 * What a peer may do, by who it is (peer-identity.ts): whether it may come in under the id that it names, whose streams it may open, and
 * whether it may stay. The tenant of what an agent sends is its certificate's, and is put in place of what its messages say before anything
 * looks at them; a lower site's hub may only bring streams of its own site and of sites
 * below it, for the tenants in its certificate.
 */
import { hopsMax } from '@tributary/protocol/limits.ts';
import type { Hello, Hop, Id, OpenStream } from '@tributary/protocol/messages.ts';
import type { Registry } from '../registry/registry.ts';
import type { Reject } from './admission.ts';
import { type CertifiedIdentity, type PeerIdentity, registeredId } from './peer-identity.ts';
import type { Strangers } from './strangers.ts';

export interface GatekeeperParts {
  readonly siteId: Id;
  /** Undefined: there are only plain listeners, as in tests of the intake alone. */
  readonly registry: Pick<Registry, 'agent' | 'agents' | 'greeted' | 'seen'> | undefined;
  /** Certificates come from an authority that is not the site's own: whom they name, the registry takes. */
  readonly ownPki: boolean;
  readonly strangers: Strangers;
  readonly retryAfterMs: number;
  /** A lower site brings what came from this very one, or through it. */
  readonly onLoop?: ((lowerSiteId: Id) => void) | undefined;
}

export class Gatekeeper {
  readonly #parts: GatekeeperParts;

  constructor(parts: GatekeeperParts) {
    this.#parts = parts;
  }

  /** The site that the peer's own streams belong to. */
  siteOf(identity: PeerIdentity): Id {
    return identity.kind === 'lower-site' ? identity.siteId : this.#parts.siteId;
  }

  /** Why the peer may not come in; undefined: it may. A promise where the registry has to be asked, and has it durably then. */
  greet(hello: Hello, identity: PeerIdentity, remote: string): Reject | undefined | Promise<Reject | undefined> {
    const hint = this.#helloProblem(hello, identity);
    if (hint !== undefined) {
      const subject = identity.kind === 'plain' ? undefined : registeredId(identity);
      this.#parts.strangers.turnedAway({ reason: 'hello', remote, subject, tenant: tenantOf(identity), hint });
      return this.#reject('unauthorized', hint);
    }
    return identity.kind === 'plain' ? undefined : this.#greetCertified(hello, identity, remote);
  }

  /** The stream as it is opened for this peer, or why it may not open it. */
  stream(message: OpenStream, identity: PeerIdentity, remote: string): OpenStream | Reject {
    if (identity.kind !== 'lower-site') {
      const { tenant } = identity;
      return tenant === undefined ? message : { ...message, attributes: { ...message.attributes, tenant } };
    }
    const hint = this.#forwardProblem(message, identity);
    if (hint === undefined) return message;
    this.#parts.strangers.turnedAway({ reason: 'forwarded', remote, subject: identity.hubId, hint });
    return this.#reject('unauthorized', hint);
  }

  /** Why a peer that is connected may not stay. One that has not said Hello yet need not be in the registry. */
  dismissal(identity: CertifiedIdentity, now: { readonly nowMs: number; readonly isAdmitted: boolean }): Reject | undefined {
    if (now.nowMs >= identity.notAfterMs) {
      const hint =
        'the certificate of this connection has expired: connect with the renewed one, or enrol again with tributary-agent enroll TOKEN';
      return this.#reject('unauthorized', hint);
    }
    const { registry, ownPki } = this.#parts;
    const agent = registry?.agent(registeredId(identity));
    if (registry !== undefined && agent === undefined && now.isAdmitted) {
      const hint = ownPki ? 'it is new here as it comes next' : 'enrol it again with tributary-agent enroll TOKEN';
      return this.#reject('unauthorized', `this agent was taken out of the list of this site: ${hint}`);
    }
    const state = agent?.state;
    if (state === 'revoked') return this.#reject('unauthorized', 'this agent was revoked');
    if (state !== 'cloned') return undefined;
    return this.#reject(
      'clone',
      'two machines use the identity of this agent: run tributary-agent enroll --renew TOKEN on one of them',
    );
  }

  seen(identity: CertifiedIdentity): void {
    this.#parts.registry?.seen(registeredId(identity));
  }

  #helloProblem(hello: Hello, identity: PeerIdentity): string | undefined {
    if (identity.kind === 'agent') {
      if (hello.sender !== 'agent') return "the certificate is an agent's, and the peer says that it is a hub";
      return hello.agentId === identity.agentId ? undefined : 'the certificate names another agent than the peer says it is';
    }
    if (identity.kind === 'lower-site') {
      if (hello.sender === 'hub') {
        return hello.agentId === identity.hubId ? undefined : 'the certificate names another hub than the peer says it is';
      }
      return 'the certificate is for the hub of a lower site, and the peer says that it is an agent';
    }
    if (hello.sender === 'hub') return 'this hub takes other hubs only by their certificates: enrol that one';
    const isEnrolled = identity.tenant !== undefined && this.#parts.registry?.agent(hello.agentId) !== undefined;
    return isEnrolled ? 'this agent is enrolled at this site: it has to come with its certificate, by wss://' : undefined;
  }

  async #greetCertified(hello: Hello, identity: CertifiedIdentity, remote: string): Promise<Reject | undefined> {
    const { registry, ownPki } = this.#parts;
    if (registry === undefined) return undefined;
    const { instanceId, bootId, startCounter, facts } = hello;
    const vouched = {
      kind: identity.kind === 'agent' ? 'agent' : 'hub',
      tenants: identity.kind === 'agent' ? [identity.tenant] : identity.tenants,
      host: facts['host'] ?? '',
      notAfterMs: identity.notAfterMs,
      siteId: identity.kind === 'lower-site' ? identity.siteId : undefined,
    } as const;
    const verdict = await registry.greeted(
      {
        agentId: registeredId(identity),
        instanceId,
        bootId,
        startCounter,
        fingerprint: identity.fingerprint,
        ...(ownPki && { vouched }),
      },
      remote,
    );
    if (verdict.kind === 'refused') return this.#reject(verdict.code, verdict.hint);
    registry.seen(registeredId(identity));
    return undefined;
  }

  /** A lower site's certificate vouches for the sites below it, too; not for those that have one of their own here, nor for this one. */
  #forwardProblem(
    { origin, attributes }: OpenStream,
    { siteId, tenants }: Extract<PeerIdentity, { kind: 'lower-site' }>,
  ): string | undefined {
    const isOwn = (origin.siteId === '' && origin.agentId === '') || origin.siteId === siteId;
    const of = `the certificate is for site ${siteId}, and a stream comes from another one`;
    if (!isOwn && origin.siteId === '') return of;
    if (origin.siteId === this.#parts.siteId) {
      this.#parts.onLoop?.(siteId);
      return `${of}: from this very site, which is a loop`;
    }
    if (!isOwn && this.#hasOwnHubs(origin.siteId)) return `${of}, ${origin.siteId}, which has hubs of its own here`;
    if (isAmong(attributes.tenant, tenants)) return undefined;
    return `the certificate does not allow tenant ${attributes.tenant}: have it made with this tenant as well`;
  }

  /** Why a batch that took this path is not taken; undefined: it is. With this hub's own hop it must still fit the envelope. */
  pathProblem(hops: readonly Hop[], identity: PeerIdentity): string | undefined {
    if (hops.some(({ siteId }) => siteId === this.#parts.siteId)) {
      if (identity.kind === 'lower-site') this.#parts.onLoop?.(identity.siteId);
      return 'the batch came through this very site before, which is a loop: let only one of two sites forward to the other';
    }
    if (hops.length < hopsMax) return undefined;
    return `the batch came through ${hopsMax} hubs, and no more are allowed: look for a loop`;
  }

  #hasOwnHubs(siteId: Id): boolean {
    return this.#parts.registry?.agents().some((agent) => agent.kind === 'hub' && agent.siteId === siteId) === true;
  }

  #reject(code: Reject['code'], hint: string): Reject {
    return { code, hint, retryAfterMs: this.#parts.retryAfterMs };
  }
}

export function isReject(value: OpenStream | Reject): value is Reject {
  return 'code' in value;
}

/** Whether streams of this tenant can be this peer's. */
export function mayBring(identity: PeerIdentity, tenant: string): boolean {
  if (identity.kind === 'lower-site') return isAmong(tenant, identity.tenants);
  return identity.tenant === undefined || identity.tenant === tenant;
}

function isAmong(tenant: string, tenants: readonly string[] | 'all'): boolean {
  return tenants === 'all' || tenants.includes(tenant);
}

/** For people: undefined where each stream names its own. */
export function tenantOf(identity: PeerIdentity): string | undefined {
  if (identity.kind !== 'lower-site') return identity.tenant;
  return identity.tenants === 'all' ? '*' : identity.tenants.join(',');
}
