/**
 * The scenario `hostile`: strangers, agents that have gone bad and pushers send mutated frames and requests to every port of a hub while
 * a good agent ships what a writer writes. Nothing is killed. In the end the hub must be the process it was, with bounded memory and a
 * bounded log, and the good agent's books must balance.
 */
import { decodeEnrolmentToken, type EnrolmentToken } from '@tributary/protocol/enrolment/enrolment-token.ts';
import { statusMb } from '../../bench/measure.ts';
import { archivedRawBytes } from '../archive-objects.ts';
import { enrolWith, newMachine } from '../enrolment-client.ts';
import { agentPortSeeds, type Attack, attacksOf, type BadAgent } from '../hostile/attacks.ts';
import { captureClientHello } from '../hostile/client-hello.ts';
import { httpPortSeeds, pushPortSeeds } from '../hostile/http-seeds.ts';
import { Siege } from '../hostile/siege.ts';
import { textAt } from '../json.ts';
import type { Program } from '../program.ts';
import { Random } from '../random.ts';
import { Stack } from '../stack.ts';
import { until } from '../until.ts';
import { checkArchive } from './check.ts';
import type { EdgeOptions, EdgeResult } from './edge.ts';
import { settled } from './settled.ts';
import { Writer } from './writer.ts';

export interface HostileOptions extends Omit<EdgeOptions, 'rounds'> {
  /** Frames and requests in all. */
  readonly frames: number;
}

/** Connections at a time. */
const lanes = 12;
const tenant = 'default';
const bytesPerSecond = 60_000;
/** What is told of strangers and of each bad agent has a bound a minute; a run has its minutes. */
const logBytesMax = { atOnce: 2_000_000, perMinute: 600_000 };
/**
 * What the hub may take beyond what it took before: for each lane a frame of 8 MiB with its 4 MiB inflated and a request of 8 MiB
 * inflated, and as much again that V8 has not collected yet.
 */
const growthMbMax = 2 * lanes * (8 + 4 + 8);

const hubConfig = {
  listeners: {
    http: { address: '127.0.0.1:0' },
    push: [{ address: '127.0.0.1:0', tenant: 'pushed' }],
  },
};

export async function runHostile(options: HostileOptions): Promise<EdgeResult> {
  const { programs, frames, seed, log } = options;
  const startMs = performance.now();
  await using stack = await Stack.make({ programs, tls: true, hub: hubConfig, inputs });
  const { hub, agent } = stack;
  await agent.start();
  const writer = new Writer({ folder: stack.logs, seed, bytesPerSecond, rotateBytes: 300_000, mayLeave: () => false });
  writer.start();
  const flows = async (): Promise<boolean> => (await archivedRawBytes(hub.archive, tenant)) > 0;
  await until('the good agent ships', flows, { detail: () => stack.tail() });
  const before = statusMb(hub.program.pid, 'VmHWM');
  log(`the good agent ships; the hub has taken ${before.toFixed(0)} MB so far`);
  const isOver = (): boolean => !hub.running || !agent.running;
  const siege = new Siege({ lanes: await armedLanes(stack), frames, random: new Random(seed).fork(7), isOver, log });
  await siege.run();
  const written = writer.stop();
  const bytes = written.reduce((sum, file) => sum + file.bytes, 0);
  log(`${siege.total} were sent; waiting until the good agent's ${(bytes / 1e6).toFixed(1)} MB are archived`);
  if (!isOver()) await settled({ archive: hub.archive, bytes, log, tail: () => stack.tail(), tenant });
  const peakMb = statusMb(hub.program.pid, 'VmHWM');
  const { stderrBytes } = hub.program;
  const problems = [...problemsOf(hub.program), ...problemsOf(agent.program)];
  if (peakMb - before > growthMbMax) problems.push(`the hub grew from ${before} to ${peakMb} MB, beyond ${growthMbMax} MB`);
  const logMax = logBytesMax.atOnce + (logBytesMax.perMinute * (performance.now() - startMs)) / 60_000;
  if (stderrBytes > logMax) problems.push(`the hub's log has ${stderrBytes} bytes, beyond ${Math.round(logMax)}`);
  if (!isOver()) await stopAll(stack);
  const verdict = await checkArchive({
    archive: hub.archive,
    written,
    manifestPath: stack.scratch.file('manifest.json'),
    tenant,
  });
  for (const line of [...problems, ...verdict.examples]) log(`  ${line}`);
  const { total, answered } = siege;
  const seen = {
    sent: total,
    answered,
    'MB before': Math.round(before),
    'MB at most': Math.round(peakMb),
    'log bytes': stderrBytes,
  };
  return { rounds: 0, roundsNotCounted: 0, faults: { ...Object.fromEntries(siege.sent), ...seen }, verdict, problems };
}

const inputs = (logs: string): readonly Readonly<Record<string, unknown>>[] =>
  ['shift', 'dated', 'away'].map((style) => ({ kind: 'file', paths: [`${logs}/${style}*.log*`], type: style }));

/** What each lane does, with an agent of its own: a later connection of an agent ends its earlier one. */
async function armedLanes({ hub }: Stack): Promise<readonly (readonly Attack[])[]> {
  const token = decodeEnrolmentToken(await hub.createToken('--tenant', 'hostile', '--uses', String(lanes + 1)));
  const victim = { agents: hub.port, http: await hub.portOf('http'), push: await hub.portOf('push') };
  const seeds = {
    agents: agentPortSeeds(JSON.stringify({ ...newMachine(), ...token, kind: 'agent', host: 'h', version: '1' })),
    http: httpPortSeeds(await hub.createToken('--tenant', 'hostile', '--scope', 'write')),
    push: pushPortSeeds(),
  };
  const clientHello = await captureClientHello();
  const liar = await enrolledBadAgent(token);
  const agents = await Promise.all(Array.from({ length: lanes }, () => enrolledBadAgent(token)));
  return agents.map((agent) => attacksOf({ victim, agent, liar, seeds, clientHello }));
}

async function enrolledBadAgent(token: EnrolmentToken): Promise<BadAgent> {
  const machine = newMachine();
  const { body, key } = await enrolWith(token, machine);
  return { machine, identity: { cert: textAt(body, 'certificate'), key } };
}

/** What an operator is to know of agents that lie: they say that they lost what there never was, and that they are others. */
const toldErrors = /^(?:a part of a stream is lost|two machines use the identity of agent)/;

/** A product tells of strangers, and nothing goes wrong within it. */
function problemsOf(program: Program): string[] {
  if (!program.running) return [`the ${program.name} ended by itself\n${program.tail()}`];
  const errors = program.logs.filter(isProblem);
  const others = program.stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
  const told = errors.map(
    ({ message, fields }) => `the ${program.name} logs an error: ${message} ${JSON.stringify(fields).slice(0, 600)}`,
  );
  return [...told, ...others];
}

/** Health tells of agents that came and went. */
function isProblem({ level, message, fields }: Program['logs'][number]): boolean {
  return level === 'error' && !toldErrors.test(message) && fields['event'] !== 'finding-raised';
}

async function stopAll({ agent, hub }: Stack): Promise<void> {
  await agent.program.stop();
  await hub.program.stop();
}
