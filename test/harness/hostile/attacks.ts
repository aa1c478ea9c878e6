/**
 * What a stranger, and an agent that has gone bad, do to the ports of a hub. Each attack is one connection and tells how many frames or
 * requests it sent, and how many were answered: after one that breaks the protocol the hub reads no further.
 */
import { encode } from '@tributary/protocol/codec.ts';
import { enrolPath, renewPath } from '@tributary/protocol/enrolment/messages.ts';
import { helloOf } from '../agent-door.ts';
import type { Machine } from '../enrolment-client.ts';
import { FrameReader } from '../frame-reader.ts';
import type { Random } from '../random.ts';
import type { Issued } from '../test-authority.ts';
import { FrameMutants } from './frames.ts';
import { type HttpSeed, oddRequest, spoiltRequest } from './http-requests.ts';
import { mutated, randomBytes } from './mutate.ts';
import { drawnAddress, talk } from './talk.ts';
import { clientFrame, spoiltClientFrame, upgradeRequest } from './web-socket-bytes.ts';

export interface Sent {
  readonly sent: number;
  readonly answered: number;
}

export interface Attack {
  readonly name: string;
  /** Of all frames and requests, in proportion to the others'. */
  readonly share: number;
  readonly run: (random: Random) => Promise<Sent>;
}

export interface Victim {
  readonly agents: number;
  readonly http: number;
  readonly push: number;
}

/** An agent that was enrolled in order and now sends whatever it likes. */
export interface BadAgent {
  readonly machine: Machine;
  readonly identity: Issued;
}

export interface AttackOptions {
  readonly victim: Victim;
  /** One per lane: a later connection of an agent ends its earlier one. */
  readonly agent: BadAgent;
  /** For all lanes: what it says of itself will have it refused before long. */
  readonly liar: BadAgent;
  /** Good ones: what is spoilt of them is most of what can be wrong. */
  readonly seeds: {
    readonly agents: readonly HttpSeed[];
    readonly http: readonly HttpSeed[];
    readonly push: readonly HttpSeed[];
  };
  /** As a client of TLS begins. */
  readonly clientHello: Buffer;
}

const agentPath = '/v1/agent';
const readableFramesMax = 4;
const requestsMax = 6;

export function attacksOf(options: AttackOptions): readonly Attack[] {
  const { victim, seeds } = options;
  const tls = {};
  return [
    { name: 'frames of an agent', share: 30, run: (random) => framesOfAgent(options, random) },
    { name: 'frames of a stranger', share: 8, run: (random) => framesOfStranger(victim.agents, random) },
    { name: 'requests to the agents port', share: 12, run: requests({ port: victim.agents, tls, seeds: seeds.agents }) },
    { name: 'requests to the HTTP port', share: 25, run: requests({ port: victim.http, tls, seeds: seeds.http }) },
    { name: 'requests to the push port', share: 20, run: requests({ port: victim.push, tls: undefined, seeds: seeds.push }) },
    { name: 'garbage instead of TLS', share: 5, run: (random) => garbage(options, random) },
  ];
}

/** In a session that was welcomed: readable messages that make no sense there, and as the last one a broken one. */
async function framesOfAgent({ victim, agent, liar }: AttackOptions, random: Random): Promise<Sent> {
  const mutants = mutantsOfFrames();
  if (random.chance(0.1)) {
    const lie = mutated(encode(helloOf(liar.machine)), random);
    const target = { port: victim.agents, tls: { identity: liar.identity }, from: drawnAddress(random) };
    return { sent: 1, answered: framesIn(await talk(target, Buffer.concat([upgradeRequest(agentPath), clientFrame(lie)]))) };
  }
  const { machine, identity } = agent;
  const hello = encode(helloOf(machine));
  const frames: Buffer[] = [];
  for (let left = random.between(0, readableFramesMax); left > 0; left -= 1) frames.push(clientFrame(mutants.readable(random)));
  frames.push(random.chance(0.1) ? spoiltClientFrame(mutants.broken(random), random) : clientFrame(mutants.broken(random)));
  const answer = await talk(
    { port: victim.agents, tls: { identity }, from: drawnAddress(random) },
    Buffer.concat([upgradeRequest(agentPath), clientFrame(hello)]),
    { afterwards: { bytes: Buffer.concat(frames), ready: (bytes) => framesIn(bytes) > 0 } },
  );
  return { sent: frames.length, answered: Math.max(0, framesIn(answer) - 1) };
}

/** Without a certificate nothing is upgraded, and what follows is not read. */
async function framesOfStranger(port: number, random: Random): Promise<Sent> {
  const mutants = mutantsOfFrames();
  const frames = [clientFrame(mutants.readable(random)), clientFrame(mutants.broken(random))];
  const upgrade = random.chance(0.5) ? upgradeRequest(agentPath) : mutated(upgradeRequest(agentPath), random);
  const answer = await talk({ port, tls: {}, from: drawnAddress(random) }, Buffer.concat([upgrade, ...frames]));
  return { sent: frames.length, answered: responsesIn(answer) };
}

function requests({
  port,
  tls,
  seeds,
}: {
  port: number;
  tls: object | undefined;
  seeds: readonly HttpSeed[];
}): (random: Random) => Promise<Sent> {
  return async (random) => {
    const all: Buffer[] = [];
    for (let left = random.between(0, requestsMax); left > 0; left -= 1) all.push(oddRequest(random.pick(seeds), random));
    all.push(spoiltRequest(random.pick(seeds), random));
    const target = { port, from: drawnAddress(random), ...(tls === undefined ? {} : { tls }) };
    return { sent: all.length, answered: responsesIn(await talk(target, Buffer.concat(all))) };
  };
}

/** Before there is any TLS: spoilt beginnings of a handshake, plain HTTP, random bytes. */
async function garbage({ victim, clientHello }: AttackOptions, random: Random): Promise<Sent> {
  const bytes = random.pick([
    () => mutated(clientHello, random),
    () => randomBytes(random, random.between(0, 5000)),
    () => Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    () => Buffer.concat([clientHello, randomBytes(random, random.between(1, 20_000))]),
  ])();
  const answer = await talk({ port: random.pick([victim.agents, victim.http]), from: drawnAddress(random) }, bytes);
  return { sent: 1, answered: answer.length > 0 ? 1 : 0 };
}

let cached: FrameMutants | undefined;

function mutantsOfFrames(): FrameMutants {
  return (cached ??= new FrameMutants());
}

function framesIn(bytes: Buffer): number {
  let frames = 0;
  if (!bytes.includes('\r\n\r\n') || !bytes.subarray(0, 12).equals(Buffer.from('HTTP/1.1 101'))) return 0;
  new FrameReader(() => (frames += 1)).push(bytes);
  return frames;
}

function responsesIn(bytes: Buffer): number {
  return bytes.toString('latin1').split(/HTTP\/1\.1 [1-5]\d\d /).length - 1;
}

/** What is right at the port of the agents, for requests to be made of. */
export function agentPortSeeds(enrolRequest: string): readonly HttpSeed[] {
  const headers = { 'Content-Type': 'application/json' };
  return [
    { method: 'POST', target: enrolPath, headers, body: enrolRequest },
    {
      method: 'POST',
      target: renewPath,
      headers,
      body: '{"publicKey":"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE","proof":"MEUCIQ=="}',
    },
    { method: 'GET', target: agentPath, headers: { Upgrade: 'websocket', Connection: 'Upgrade' } },
    { method: 'GET', target: '/' },
  ];
}
