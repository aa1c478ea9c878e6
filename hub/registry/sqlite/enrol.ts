/** Whether somebody with a token may have a certificate. Runs inside the transaction that also counts the use. */
import { tenantLabel, tokenActor } from '../audit-names.ts';
import { secretHashesEqual } from '../../access/secrets.ts';
import { retiredBootsMax } from '../limits.ts';
import type { Agent, Enrolment, EnrolmentDecision, EnrolmentTokenRecord } from '../registry.ts';
import type { RegistryStore } from './registry-store.ts';

type Refused = Extract<EnrolmentDecision, { kind: 'refused' }>;

/** A name of the domain name system fits. */
const hostLengthMax = 255;

export function enrol(
  store: RegistryStore,
  { enrolment, address, nowMs }: { readonly enrolment: Enrolment; readonly address: string; readonly nowMs: number },
): EnrolmentDecision {
  const token = store.enrolmentTokens.find(enrolment.tokenId);
  const present = store.agents.find(enrolment.agentId);
  const isRepeated = present?.tokenId === enrolment.tokenId && store.agents.keyHash(enrolment.agentId) === enrolment.keyHash;
  const refused =
    refusedToken(enrolment, token, { isRepeated, nowMs }) ??
    refusedIdentity(enrolment, token, present) ??
    refusedSite(store, enrolment, token);
  if (refused !== undefined || token === undefined) {
    const decision = refused ?? unknownToken;
    tell(store, { enrolment, address, nowMs, token, outcome: decision.reason });
    return decision;
  }
  if (!isRepeated) {
    store.enrolmentTokens.use(token.tokenId);
    store.agents.put(rowOf(enrolment, token, { present, nowMs }));
    store.agents.setKeyHash(enrolment.agentId, enrolment.keyHash);
    giveUp(store, enrolment, { token, address, nowMs });
    tell(store, { enrolment, address, nowMs, token, outcome: 'granted' });
  }
  return { kind: 'granted', tenants: token.tenants, labels: token.labels };
}

/** What does not exist, was revoked, or has another secret looks the same to a stranger. */
const unknownToken: Refused = {
  kind: 'refused',
  reason: 'token',
  hint: 'this site does not take this token: make a new one on the hub with tributary-hub token create',
};

function refusedToken(
  enrolment: Enrolment,
  token: EnrolmentTokenRecord | undefined,
  { isRepeated, nowMs }: { readonly isRepeated: boolean; readonly nowMs: number },
): Refused | undefined {
  if (token === undefined || !secretHashesEqual(token.secretHash, enrolment.secretHash) || token.revokedMs !== undefined) {
    return unknownToken;
  }
  if (token.kind !== enrolment.kind) {
    const [is, needed] = token.kind === 'hub' ? ['a hub of a lower site', 'without --hub'] : ['agents', 'with --hub'];
    const hint = `this token is for ${is}: make one on the hub with tributary-hub token create ${needed}`;
    return { kind: 'refused', reason: 'token', hint };
  }
  if (token.expiresMs <= nowMs) {
    const hint = `this token expired on ${new Date(token.expiresMs).toISOString()}: make a new one on the hub with tributary-hub token create`;
    return { kind: 'refused', reason: 'token-expired', hint };
  }
  if (!isRepeated && token.uses >= token.usesMax) {
    const times = token.usesMax === 1 ? 'once' : `${token.usesMax} times`;
    const hint = `this token was good ${times} and is used up: make a new one on the hub with tributary-hub token create`;
    return { kind: 'refused', reason: 'token-used-up', hint };
  }
  return undefined;
}

const renewHint =
  'run tributary-agent enroll --renew TOKEN, which makes this machine a new agent and keeps what it has not sent yet';

/** An id belongs to one machine and its tenants for good. */
function refusedIdentity(
  enrolment: Enrolment,
  token: EnrolmentTokenRecord | undefined,
  present: Agent | undefined,
): Refused | undefined {
  if (present === undefined || token === undefined) return undefined;
  const refused = (sentence: string): Refused => ({
    kind: 'refused',
    reason: 'identity',
    hint: `${sentence}: ${enrolment.kind === 'hub' ? 'set that hub up anew, with another id' : renewHint}`,
  });
  if (present.state === 'revoked') return refused('this agent was revoked at the site');
  if (present.kind !== enrolment.kind || present.siteId !== enrolment.siteId) {
    return refused('this id belongs to somebody else');
  }
  if (tenantLabel(present.tenants) !== tenantLabel(token.tenants)) {
    return refused('the id of this agent belongs to another tenant');
  }
  if (present.instanceId !== enrolment.instanceId) return refused('the id of this agent belongs to another machine');
  if (present.state === 'cloned') return refused('two machines use the id of this agent');
  return undefined;
}

function refusedAs(hint: string): Refused {
  return { kind: 'refused', reason: 'identity', hint };
}

/** A hub speaks for its whole site, so who is let in as one more hub of a known site is meant to be one. */
function refusedSite(
  store: RegistryStore,
  { agentId, siteId }: Enrolment,
  token: EnrolmentTokenRecord | undefined,
): Refused | undefined {
  if (siteId === undefined || token === undefined) return undefined;
  if (token.siteId !== undefined && token.siteId !== siteId) return refusedAs('this token is for another lower site');
  const others = store.agents.ofSite(siteId).filter((hub) => hub.agentId !== agentId);
  if (others.some(({ tenants }) => tenantLabel(tenants) !== tenantLabel(token.tenants))) {
    return refusedAs('another hub of this site forwards other tenants: all hubs of a site have the same');
  }
  if (others.length === 0 || token.siteId === siteId) return undefined;
  return refusedAs(
    `this site has a hub here already: for one more make a token with tributary-hub token create --hub --site ${siteId}`,
  );
}

/** Its certificates stay good until the new one was used, as its answer may get lost. */
function rowOf(
  enrolment: Enrolment,
  token: EnrolmentTokenRecord,
  { present, nowMs }: { readonly present: Agent | undefined; readonly nowMs: number },
): Agent {
  const { agentId, kind, instanceId, bootId, host, tokenId } = enrolment;
  return {
    agentId,
    kind,
    siteId: enrolment.siteId,
    tenants: token.tenants,
    labels: token.labels,
    host: boundedHost(host),
    instanceId,
    fingerprints: present?.fingerprints ?? [],
    notAfterMs: present?.notAfterMs ?? 0,
    enrolledMs: nowMs,
    tokenId,
    state: 'active',
    bootId,
    // A person let it in: whatever counter it comes with is its own, also after its clock was set back.
    startCounter: 0,
    lastSeenMs: present?.lastSeenMs,
    retiredBoots: present?.retiredBoots ?? [],
    refusedCopy: present?.refusedCopy,
  };
}

/** What a machine says that it is called. */
export function boundedHost(host: string): string {
  return host.slice(0, hostLengthMax).toWellFormed();
}

/**
 * A clone that was made a new agent leaves the old identity to the other one. Which counter that one has is not known here: whoever
 * comes next is it. Only a token of the same tenants may do this, or somebody could end the alarm about another's agent.
 */
function giveUp(
  store: RegistryStore,
  { replaces, agentId }: Enrolment,
  { token, address, nowMs }: { readonly token: EnrolmentTokenRecord; readonly address: string; readonly nowMs: number },
): void {
  const old = replaces === undefined ? undefined : store.agents.find(replaces.agentId);
  if (replaces === undefined || old === undefined || old.agentId === agentId) return;
  if (old.kind !== token.kind || tenantLabel(old.tenants) !== tenantLabel(token.tenants)) return;
  const wasCloned = old.state === 'cloned';
  // Where nobody else was ever seen, this boot may be another container's on the same machine: it is not shut out.
  const retires = wasCloned || old.bootId !== replaces.bootId;
  const retired = [...old.retiredBoots.filter((boot) => boot !== replaces.bootId), replaces.bootId].slice(-retiredBootsMax);
  store.agents.put({
    ...old,
    ...(retires && { retiredBoots: retired }),
    ...(wasCloned && { state: 'active', bootId: '', startCounter: 0 }),
    ...(old.refusedCopy?.bootId === replaces.bootId && { refusedCopy: undefined }),
  });
  const details = { agent: old.agentId, host: old.host, newAgent: agentId, boot: replaces.bootId };
  store.tell(
    {
      action: 'agent-replaced',
      actor: tokenActor(token.tokenId),
      address,
      outcome: 'success',
      tenant: tenantLabel(old.tenants),
      details,
    },
    nowMs,
  );
}

interface Told {
  readonly enrolment: Enrolment;
  readonly address: string;
  readonly nowMs: number;
  readonly token: EnrolmentTokenRecord | undefined;
  readonly outcome: 'granted' | Refused['reason'];
}

function tell(store: RegistryStore, { enrolment, address, nowMs, token, outcome }: Told): void {
  const { agentId, siteId, host, kind, tokenId } = enrolment;
  const isGranted = outcome === 'granted';
  // What no token is called may be anything, such as a secret in the wrong place.
  const [actor, name] = token === undefined ? ['unknown', '(unknown)'] : [tokenActor(tokenId), tokenId];
  const details = {
    agent: agentId,
    host,
    kind,
    ...(siteId !== undefined && { site: siteId }),
    token: name,
    ...(!isGranted && { reason: outcome }),
  };
  store.tell(
    {
      action: 'agent-enrolled',
      actor,
      address,
      outcome: isGranted ? 'success' : 'failure',
      tenant: token === undefined ? undefined : tenantLabel(token.tenants),
      details,
    },
    nowMs,
  );
}
