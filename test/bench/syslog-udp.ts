/**
 * The most syslog messages a second over UDP on loopback of which none is lost: by rsyslog's imudp into a file, and by the agent into
 * its buffer, with the same receive buffer asked for. A sender tries rising rates, at each of them both receivers in turn, until one
 * loses something twice. Sender and receiver share the cores of the machine, for both alike.
 */
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { AgentHost } from '../harness/agent-host.ts';
import { HubHost } from '../harness/hub-host.ts';
import { isObject, numberAt, parseJson } from '../harness/json.ts';
import { runProgram } from '../harness/program.ts';
import { repositoryRoot } from '../harness/programs.ts';
import { requireTool } from '../harness/require.ts';
import { startRsyslog } from '../harness/rsyslog.ts';
import { Scratch } from '../harness/scratch.ts';
import { until } from '../harness/until.ts';
import type { Bench, Figure, Measurement } from './figure.ts';

const receiveBufferBytes = 8 * 1024 * 1024;
const rateFirst = 20_000;
const rateFactor = 1.2;
const rateMax = 3_000_000;
const trySeconds = 1;
/** Nothing came for so long: what is missing then is lost. */
const quietMs = 700;
/** The sender is slower than it should be: a higher rate would tell nothing. */
const sentShareMin = 0.9;
const sources = 8;
const portFirst = 15_514;

interface Receiver {
  readonly name: string;
  readonly port: number;
  received(): Promise<number>;
  cpuSeconds(): Promise<number>;
}

interface Best {
  /** Messages a second as they were really sent. */
  rate: number;
  cpuPerMillion: number;
  isDone: boolean;
}

export const syslogUdp: Measurement = {
  figures: ['syslog-udp', 'syslog-udp-sockets'],
  long: true,
  measure: async (bench) => {
    const missing = await requireTool('rsyslog');
    if (missing !== undefined) throw new Error(missing);
    const cores = availableParallelism();
    bench.note(
      `receive buffer ${receiveBufferBytes / 1024 / 1024} MiB asked for, ${trySeconds} s at each rate, ${cores} cores for all`,
    );
    bench.note('rsyslog writes to a file without sync; the agent stores compressed and synced batches, its hub is stopped');
    const rounds = Math.min(bench.runs, 3);
    const one: (readonly Best[])[] = [];
    const several: (readonly Best[])[] = [];
    for (let round = 0; round < rounds; round += 1) {
      one.push(await compare(bench, 1));
      if (cores > 1) several.push(await compare(bench, Math.min(cores, 4)));
    }
    const figures = [figureOf('syslog-udp', one, 0.5)];
    if (several.length > 0) {
      // Cores that the sender takes are none for further sockets.
      figures.push(figureOf('syslog-udp-sockets', several, cores >= 4 ? 1 : undefined));
    }
    return figures;
  },
};

function figureOf(name: string, rounds: readonly (readonly Best[])[], limit: number | undefined): Figure {
  const medianOf = (index: number): number => {
    const values = rounds.map((round) => round[index]?.rate ?? 0).toSorted((left, right) => left - right);
    return values[Math.floor(values.length / 2)] ?? 0;
  };
  const [toolValue, value] = [medianOf(0), medianOf(1)];
  const ratio = value / toolValue;
  const against = `rsyslog: ${Math.round(toolValue)} messages/s`;
  return { name, value, unit: 'messages/s', against, ratio, limit, ok: limit === undefined || ratio >= limit };
}

/** What rsyslog and the agent, with so many sockets, take at most. */
async function compare(bench: Bench, sockets: number): Promise<readonly Best[]> {
  await using scratch = await Scratch.make();
  const rsyslogPort = portFirst;
  const agentPort = portFirst + 1;
  const file = scratch.file('rsyslog.log');
  await using rsyslog = await startRsyslog(scratch, 'rsyslog', rsyslogConfig(rsyslogPort, file));
  await using hub = new HubHost({ programs: bench.programs, scratch });
  await hub.start();
  const listen = [`udp://127.0.0.1:${agentPort}`];
  const inputs = [{ kind: 'syslog', listen, sockets, receive_buffer: receiveBufferBytes, overflow: 'drop_newest' }];
  // What it tells of itself would be counted too.
  const config = { events: { enabled: false } };
  await using agent = new AgentHost({ programs: bench.programs, scratch, hubs: () => [hub.url], inputs, config });
  await agent.start();
  await until('the agent listens', () => agent.program.stderr.includes(`127.0.0.1:${agentPort}`), {
    detail: () => agent.program.tail(),
  });
  await hub.program.stop();
  const receivers: Receiver[] = [
    {
      name: 'rsyslog',
      port: rsyslogPort,
      received: async () => await Promise.resolve(linesIn(file)),
      cpuSeconds: () => rsyslog.cpuSeconds(),
    },
    {
      name: `agent, ${sockets} socket${sockets === 1 ? '' : 's'}`,
      port: agentPort,
      received: async () => recordsRead(await agent.status()),
      cpuSeconds: () => agent.program.cpuSeconds(),
    },
  ];
  for (const receiver of receivers) await warmUp(receiver);
  const best = receivers.map((): Best => ({ rate: 0, cpuPerMillion: 0, isDone: false }));
  for (let rate = rateFirst; rate < rateMax && best.some(({ isDone }) => !isDone); rate *= rateFactor) {
    for (const [index, receiver] of receivers.entries()) {
      const found = best[index];
      if (found === undefined || found.isDone) continue;
      found.isDone = !((await attempt(receiver, rate, found)) || (await attempt(receiver, rate, found)));
    }
  }
  for (const [index, { name }] of receivers.entries()) {
    const { rate = 0, cpuPerMillion = 0 } = best[index] ?? {};
    bench.note(`${name}: ${Math.round(rate)} messages/s, ${cpuPerMillion.toFixed(2)} s of CPU a million`);
  }
  return best;
}

/** True when all came and the sender could keep up, so that a higher rate is worth a try. */
async function attempt(receiver: Receiver, rate: number, best: Best): Promise<boolean> {
  const before = await receiver.received();
  const cpuBefore = await receiver.cpuSeconds();
  const { sent, seconds } = await send(receiver.port, rate);
  const received = (await settled(receiver, before + sent)) - before;
  if (received !== sent) return false;
  const really = sent / seconds;
  if (really > best.rate) {
    best.rate = really;
    best.cpuPerMillion = (((await receiver.cpuSeconds()) - cpuBefore) / sent) * 1e6;
  }
  return really >= rate * sentShareMin;
}

async function settled(receiver: Receiver, wanted: number): Promise<number> {
  let last = -1;
  let lastMs = performance.now();
  return await until(`${receiver.name} has taken what came`, async () => {
    const received = await receiver.received();
    if (received !== last) [last, lastMs] = [received, performance.now()];
    return received >= wanted || performance.now() - lastMs > quietMs ? received : undefined;
  });
}

async function send(port: number, rate: number): Promise<{ sent: number; seconds: number }> {
  const script = join(repositoryRoot, 'test/bench/udp-sender.ts');
  const args = [script, String(port), String(Math.round(rate)), String(trySeconds), String(sources)];
  const { stdout, stderr } = await runProgram({ name: 'sender', command: [process.execPath], args });
  const result = parseJson(stdout);
  if (!isObject(result) || typeof result['sent'] !== 'number' || typeof result['seconds'] !== 'number') {
    throw new Error(`the sender broke: ${stderr}`);
  }
  return { sent: result['sent'], seconds: result['seconds'] };
}

/** It is up when a message comes through. */
async function warmUp(receiver: Receiver): Promise<void> {
  await until(`${receiver.name} receives`, async () => {
    await send(receiver.port, 100);
    return (await receiver.received()) > 0;
  });
}

function recordsRead(status: unknown): number {
  const counters = isObject(status) ? status['counters'] : undefined;
  return isObject(counters) ? numberAt(counters, 'recordsRead') : 0;
}

/** Every message has the same length. */
function linesIn(file: string): number {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return Math.floor(size / (messageBytes + 1));
}

const messageBytes = 196;

function rsyslogConfig(port: number, file: string): string {
  return `
module(load="imudp")
template(name="raw" type="string" string="%rawmsg%\\n")
ruleset(name="all" queue.type="FixedArray" queue.size="500000" queue.dequeueBatchSize="1024") {
  action(type="omfile" file="${file}" template="raw")
}
input(type="imudp" address="127.0.0.1" port="${port}" rcvbufSize="${receiveBufferBytes}" ruleset="all")
`;
}
