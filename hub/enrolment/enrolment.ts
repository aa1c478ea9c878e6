/**
 * Who is given a certificate. The order is what keeps it true: the request is read, its proof shows that who asks has the key's private
 * half, the registry decides and counts in one durable step, the authority signs, the registry has the certificate durably, and only then is
 * it handed out. An answer that was lost is asked for again with the same key, and costs no second use of the token.
 */
import { hash, verify } from 'node:crypto';
import {
  type EnrolmentAnswer,
  type EnrolmentRefusal,
  type EnrolmentRefusalCode,
  type EnrolRequest,
  type KeyToCertify,
  proofText,
  type RenewRequest,
} from '@tributary/protocol/enrolment/messages.ts';
import type { Id } from '@tributary/protocol/messages.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { hashSecret } from '../access/secrets.ts';
import type { Authority } from '../certificates/authority.ts';
import { PublicKeyError, publicKeyOf } from '../certificates/issue.ts';
import { FailureLimiter } from '../listeners/failure-limiter.ts';
import { type CertifiedIdentity, type PeerVerdict, registeredId } from '../intake/peer-identity.ts';
import { type Agent, type Registry, RegistryError } from '../registry/registry.ts';
import { certificateLimits } from './limits.ts';

export interface EnrolmentParts {
  readonly registry: Pick<Registry, 'enrol' | 'certified' | 'agent'>;
  /** Undefined: certificates come from an authority that is not this site's own (`tls.ca`). */
  readonly authority: Authority | undefined;
  /** PEM of what hubs of this site are verified with by their agents, which may be another authority than the one that signs these. */
  readonly anchor: () => string;
  readonly lifetimeMs: number;
  readonly site: string;
  readonly siteId: Id;
  /** `host:port` of the agents' listeners of this site. */
  readonly hubs: () => readonly string[];
  readonly log: Logger;
  readonly clock?: Clock;
}

export type EnrolmentOutcome =
  | { readonly kind: 'answer'; readonly answer: EnrolmentAnswer }
  | {
      readonly kind: 'refusal';
      readonly refusal: EnrolmentRefusal;
      /** Whoever asked was at fault, so that it counts against its tries. */
      readonly isFailure: boolean;
    };

type Grant = Pick<Agent, 'tenants' | 'labels'>;

export class Enrolments {
  readonly #parts: EnrolmentParts;
  readonly #certificates: FailureLimiter;

  constructor(parts: EnrolmentParts) {
    this.#parts = parts;
    this.#certificates = new FailureLimiter(certificateLimits, parts.clock);
  }

  async enrol(request: EnrolRequest, address: string): Promise<EnrolmentOutcome> {
    const { registry, authority, siteId, log } = this.#parts;
    if (authority === undefined) return foreignAuthority;
    const problem = keyProblem(request, `enrol ${request.tokenId}`, request.id);
    if (problem !== undefined) return refusal('proof', problem);
    const { tokenId, secret, kind, id: agentId, siteId: lowerSiteId, instanceId, bootId, host, replaces } = request;
    if (lowerSiteId === siteId) return refusal('identity', 'this id is the one of this very site: a lower site has another');
    if ((kind === 'hub') !== (lowerSiteId !== undefined))
      return refusal('malformed', 'a hub says of which site it is, and only a hub');
    const keyHash = hash('sha256', request.publicKey, 'hex');
    const secretHash = hashSecret(secret);
    const enrolment = { tokenId, secretHash, kind, agentId, siteId: lowerSiteId, instanceId, bootId, host, replaces, keyHash };
    return this.#orUnavailable(async () => {
      const decision = await registry.enrol(enrolment, { address });
      if (decision.kind === 'refused') return refusal(decision.reason, decision.hint);
      log.info('enrolled', { kind, agentId, host, address });
      return this.#certify({ agentId, siteId: lowerSiteId, request, address }, decision);
    });
  }

  async renew(request: RenewRequest, verdict: PeerVerdict, address: string): Promise<EnrolmentOutcome> {
    const { registry, authority, log } = this.#parts;
    if (verdict.kind === 'refused') return notRenewed(verdict.hint);
    if (authority === undefined) return foreignAuthority;
    const { identity } = verdict;
    const agentId = registeredId(identity);
    const problem = keyProblem(request, 'renew', agentId);
    if (problem !== undefined) return refusal('proof', problem);
    const agent = registry.agent(agentId);
    const hint = renewalProblem(agent, identity);
    if (agent === undefined || hint !== undefined) return notRenewed(hint ?? '');
    return this.#orUnavailable(async () => {
      const outcome = await this.#certify({ agentId, siteId: agent.siteId, request, address }, agent);
      log.info('a certificate was renewed', { agentId, address });
      return outcome;
    });
  }

  async #certify(
    who: {
      readonly agentId: Id;
      /** Of a lower site's hub. */
      readonly siteId: Id | undefined;
      readonly request: KeyToCertify;
      readonly address: string;
    },
    { tenants, labels }: Grant,
  ): Promise<EnrolmentOutcome> {
    const { registry, authority, anchor, lifetimeMs, site, siteId, hubs } = this.#parts;
    const { agentId, request, address } = who;
    if (authority === undefined) return foreignAuthority;
    const names = namesOf({ agentId, siteId, lowerSiteId: who.siteId, tenants });
    if (names === undefined) return refusal('token', 'this token is for several tenants, and an agent has one: make another one');
    const waitMs = this.#certificates.waitMs(agentId);
    if (waitMs > 0) return tooMany(waitMs);
    this.#certificates.failed(agentId);
    const publicKey = Buffer.from(request.publicKey, 'base64');
    const { pem, fingerprint, notAfterMs } = await authority.signClient({ publicKey, names, lifetimeMs });
    await registry.certified(agentId, { fingerprint, notAfterMs }, address);
    const answer: EnrolmentAnswer = {
      certificate: pem,
      authority: anchor(),
      siteId,
      site,
      tenants: tenants === 'all' ? ['*'] : tenants,
      labels,
      hubs: hubs().map((hub) => `wss://${hub}`),
    };
    return { kind: 'answer', answer };
  }

  /** Nobody is told more of a fault of ours than that it is one. */
  async #orUnavailable(step: () => Promise<EnrolmentOutcome>): Promise<EnrolmentOutcome> {
    try {
      return await step();
    } catch (error) {
      // Revoked, or gone, between two steps.
      if (error instanceof RegistryError && error.code !== 'REGISTRY_UNAVAILABLE') return refusal('identity', error.message);
      this.#parts.log.error('no certificate could be given', { error });
      return unavailable('this hub cannot give certificates just now: try again, and look at its log if it stays so');
    }
  }
}

function namesOf(who: {
  readonly agentId: Id;
  readonly siteId: Id;
  readonly lowerSiteId: Id | undefined;
  readonly tenants: Agent['tenants'];
}): Parameters<Authority['signClient']>[0]['names'] | undefined {
  const { agentId, siteId, lowerSiteId, tenants } = who;
  if (lowerSiteId !== undefined) return { kind: 'lower-site', siteId, lowerSiteId, hubId: agentId, tenants };
  const [tenant, ...others] = tenants === 'all' ? [] : tenants;
  return tenant === undefined || others.length > 0 ? undefined : { kind: 'agent', siteId, agentId, tenant };
}

/** Why this key is not certified for this id. */
function keyProblem({ publicKey, proof }: KeyToCertify, context: string, id: Id): string | undefined {
  const der = Buffer.from(publicKey, 'base64');
  try {
    const key = publicKeyOf(der);
    // Exactly this encoding and no other: the registry knows a key by it, and it is what was signed.
    if (!key.export({ type: 'spki', format: 'der' }).equals(der)) return 'the public key is not in the usual encoding';
    const isProven = verify(
      'sha256',
      Buffer.from(proofText(context, id, publicKey)),
      { key, dsaEncoding: 'der' },
      Buffer.from(proof, 'base64'),
    );
    return isProven ? undefined : 'the proof was not made with the private key of this public key, or for another id or token';
  } catch (error) {
    if (error instanceof PublicKeyError) return error.message;
    return 'the proof is not a signature';
  }
}

function renewalProblem(agent: Agent | undefined, { kind, fingerprint }: CertifiedIdentity): string | undefined {
  const enrolAgain = 'enrol it again with tributary-agent enroll TOKEN';
  const becomeAnother = 'enrol it with tributary-agent enroll --renew TOKEN';
  if (agent?.state === 'revoked') return `this agent was revoked: if it is to come back, ${becomeAnother}`;
  if (agent?.state === 'cloned') return `two machines use the identity of this agent: ${becomeAnother} on one of them`;
  if (agent?.kind !== (kind === 'agent' ? 'agent' : 'hub')) return `this site does not know this agent: ${enrolAgain}`;
  if (agent.fingerprints.includes(fingerprint)) return undefined;
  return `this certificate was replaced by a later one, so this may be a copy of the agent: ${enrolAgain}`;
}

function refusal(error: EnrolmentRefusalCode, hint: string): EnrolmentOutcome {
  return { kind: 'refusal', refusal: { error, hint }, isFailure: true };
}

/** Each is a signature, a row and an event of the audit trail, for good. */
function tooMany(waitMs: number): EnrolmentOutcome {
  const hint = `this agent had many certificates just now: wait ${Math.ceil(waitMs / 1000)} s`;
  return { kind: 'refusal', refusal: { error: 'too-many-tries', hint }, isFailure: false };
}

/** Agents with old certificates ask by themselves, again and again: they must not use up the tries of whoever enrols beside them. */
function notRenewed(hint: string): EnrolmentOutcome {
  return { kind: 'refusal', refusal: { error: 'certificate', hint }, isFailure: false };
}

function unavailable(hint: string): EnrolmentOutcome {
  return { kind: 'refusal', refusal: { error: 'unavailable', hint }, isFailure: false };
}

const foreignAuthority = unavailable(
  'this site has certificates of another authority (tls.ca), and gives none: have one made there for this machine, as docs/operating/certificates.md tells',
);
