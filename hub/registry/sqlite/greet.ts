/**
 * Whether an agent that has a certificate may come in. Two machines that use one identity are told by what they say of themselves:
 *
 * - another machine (instance) than the one that enrolled is a copy, and refused; the enrolled one goes on;
 * - the same machine id with another boot and a start counter that is not higher than one seen: two machines, or one that was
 *   set back to an image while the other runs. Nobody can tell which is right, so both are refused (`cloned`);
 * - another boot with a higher counter is a restart, until the older start comes back, which is the case above;
 * - the same boot with a lower counter is an older process of the same machine: refused alone.
 */
import { hash } from 'node:crypto';
import type { Id } from '@tributary/protocol/messages.ts';
import { agentActor, tenantLabel } from '../audit-names.ts';
import type { Agent, Greeting, HelloVerdict } from '../registry.ts';
import { boundedHost } from './enrol.ts';
import type { RegistryStore } from './registry-store.ts';

type Refused = Extract<HelloVerdict, { kind: 'refused' }>;

interface Arrival {
  readonly hello: Greeting;
  readonly address: string;
  readonly nowMs: number;
}

const welcome: HelloVerdict = { kind: 'welcome' };

export function greet(store: RegistryStore, arrival: Arrival): HelloVerdict {
  const { hello } = arrival;
  const present = store.agents.find(hello.agentId);
  if (present === undefined) return greetUnknown(store, arrival);
  const refused = judge(hello, present);
  if (refused === undefined) {
    remember(store, arrival, present);
    return welcome;
  }
  refuse(store, { ...arrival, present, refused });
  return refused.verdict;
}

interface Judgement {
  readonly verdict: Refused;
  /** What it says about the one that enrolled. */
  readonly about: 'nothing' | 'copy' | 'clones';
}

const enrolHint = 'run tributary-agent enroll TOKEN';
const enrolHubHint = 'enrol that hub anew, with a token of tributary-hub token create --hub';

/** A site whose authority is another's enrols nobody. */
function wayOut({ agentId, vouched }: Greeting, { kind }: Pick<Agent, 'kind'>, where: string): string {
  if (vouched === undefined && kind === 'hub') return enrolHubHint;
  if (vouched === undefined) return `run tributary-agent enroll --renew TOKEN on ${where}, which makes it a new agent`;
  return `have a certificate with another id made for ${where}, then run tributary-hub agent forget ${agentId} on the hub`;
}

/** Undefined: it may come in. */
function judge(hello: Greeting, present: Agent): Judgement | undefined {
  const refused = (code: Refused['code'], hint: string, about: Judgement['about'] = 'nothing'): Judgement => ({
    verdict: { kind: 'refused', code, hint },
    about,
  });
  if (present.state === 'revoked') {
    return refused(
      'unauthorized',
      `this agent was revoked at the site: to let the machine in again, ${wayOut(hello, present, 'it')}`,
    );
  }
  if (present.retiredBoots.includes(hello.bootId)) {
    return refused('superseded', 'this machine was made a new agent (enroll --renew): restart tributary-agent on it');
  }
  if (hello.instanceId !== present.instanceId) {
    return refused('clone', `this machine has a copy of another machine's agent: ${wayOut(hello, present, 'it')}`, 'copy');
  }
  const clones = `two machines use the identity of this agent: ${wayOut(hello, present, 'one of them')}`;
  if (present.state === 'cloned') return refused('clone', clones);
  const isSameBoot = hello.bootId === present.bootId || present.bootId === '';
  if (!isSameBoot && hello.startCounter <= present.startCounter) return refused('clone', clones, 'clones');
  if (hello.vouched === undefined && !present.fingerprints.includes(hello.fingerprint)) {
    const again = present.kind === 'hub' ? enrolHubHint : enrolHint;
    return refused('unauthorized', `its certificate was replaced by a newer one: ${again}`);
  }
  if (hello.startCounter < present.startCounter) {
    const setBack =
      'if there is only one, its folder or its clock was set back: restart it, or run tributary-agent enroll TOKEN on it';
    return refused('superseded', `a later start of this agent was here: stop one of the two; ${setBack}`);
  }
  return undefined;
}

/** Another authority than the site's own vouches for whom it signs; the site's own signs none that it does not know. */
function greetUnknown(store: RegistryStore, { hello, address, nowMs }: Arrival): HelloVerdict {
  const { agentId, instanceId, bootId, startCounter, fingerprint, vouched } = hello;
  if (vouched === undefined) {
    if (store.isNewRefusal(`${agentId} unknown`, nowMs)) {
      tell(store, { action: 'agent-refused', agentId, tenant: undefined, address, nowMs, details: { reason: 'unknown' } });
    }
    return { kind: 'refused', code: 'unauthorized', hint: `this site does not know this agent: ${enrolHint}` };
  }
  const { kind, siteId, tenants, host, notAfterMs } = vouched;
  const hubs = siteId === undefined ? [] : store.agents.ofSite(siteId);
  if (hubs.length > 0 && hubs.every(({ state }) => state === 'revoked')) {
    return { kind: 'refused', code: 'unauthorized', hint: 'the site of this hub was revoked here' };
  }
  const certificate = { tokenId: '', fingerprints: [fingerprint], notAfterMs, enrolledMs: nowMs, lastSeenMs: nowMs };
  const identity = { agentId, kind, siteId, tenants, labels: {}, host: boundedHost(host), instanceId, bootId, startCounter };
  store.agents.put({ ...identity, ...certificate, state: 'active', retiredBoots: [], refusedCopy: undefined });
  const tenant = tenantLabel(tenants);
  tell(store, { action: 'agent-enrolled', agentId, tenant, address, nowMs, details: { host, kind, token: '' } });
  return welcome;
}

/** An agent that comes back as it left changes nothing: no sync for it. */
function remember(store: RegistryStore, { hello, nowMs }: Arrival, present: Agent): void {
  const { bootId, startCounter, fingerprint, vouched } = hello;
  const used = present.fingerprints.indexOf(fingerprint);
  const isAsBefore =
    bootId === present.bootId && startCounter === present.startCounter && used === present.fingerprints.length - 1;
  if (isAsBefore) return;
  // What is older than the one in use is not needed any more.
  const fingerprints = used === -1 ? [fingerprint] : present.fingerprints.slice(0, used + 1);
  const certified = vouched === undefined ? {} : { tenants: vouched.tenants, notAfterMs: vouched.notAfterMs };
  store.agents.put({ ...present, ...certified, fingerprints, bootId, startCounter, lastSeenMs: nowMs });
}

interface Refusal extends Arrival {
  readonly present: Agent;
  readonly refused: Judgement;
}

function refuse(store: RegistryStore, { hello, address, nowMs, present, refused }: Refusal): void {
  const { agentId, bootId, instanceId, startCounter } = hello;
  const { verdict, about } = refused;
  // Refused again for what is known: told when it was marked.
  if (present.state === 'cloned' && about === 'nothing' && verdict.code === 'clone') return;
  // Marking changes the state, so it is told each time that it happens.
  if (about !== 'clones' && !store.isNewRefusal(`${agentId} ${oneOfSixteen(bootId, instanceId)} ${verdict.code}`, nowMs)) return;
  if (about === 'clones') store.agents.put({ ...present, state: 'cloned' });
  if (about === 'copy') store.agents.put({ ...present, refusedCopy: { seenMs: nowMs, address, bootId } });
  const details = { host: present.host, boot: bootId, instance: instanceId, startCounter, reason: verdict.code };
  const action = about === 'nothing' ? 'agent-refused' : 'agent-cloned';
  tell(store, { action, agentId, tenant: tenantLabel(present.tenants), address, nowMs, details });
}

/** Several copies are told apart, but whoever says something else each time does not fill the trail. */
function oneOfSixteen(...ids: readonly Id[]): string {
  return hash('sha256', ids.join(' '), 'hex').slice(0, 1);
}

interface Told {
  readonly action: 'agent-enrolled' | 'agent-refused' | 'agent-cloned';
  readonly agentId: Id;
  readonly tenant: string | undefined;
  readonly address: string;
  readonly nowMs: number;
  readonly details: Readonly<Record<string, string | number>>;
}

function tell(store: RegistryStore, { action, agentId, tenant, address, nowMs, details }: Told): void {
  const outcome = action === 'agent-enrolled' ? 'success' : 'failure';
  const event = {
    action,
    actor: agentActor(agentId),
    address,
    outcome,
    tenant,
    details: { agent: agentId, ...details },
  } as const;
  store.tell(event, nowMs);
}
