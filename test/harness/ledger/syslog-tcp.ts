/**
 * The scenario `syslog-tcp`: senders over TCP → agent → hub → archive.
 *
 * First the agent is killed by `kill -9` again and again while messages are on their way, with two kinds of senders: some that send again
 * what was not confirmed, of which nothing may be lost, and may be doubled; and one that sends nothing again, of which it is told how
 * much was lost. Then the agent is stopped and started in order, and also of the second kind nothing may be lost.
 */
import { createServer } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { archivedRawBytes } from '../archive-objects.ts';
import { AgentHost } from '../agent-host.ts';
import { HubHost } from '../hub-host.ts';
import { Random } from '../random.ts';
import { readArchive } from '../read-archive.ts';
import { Scratch } from '../scratch.ts';
import { until } from '../until.ts';
import type { Verdict } from './check.ts';
import type { EdgeOptions, EdgeResult } from './edge.ts';
import { type MessageName, nameOf, PlainSender, ResendingSender } from './syslog-senders.ts';

const resendingSenders = 4;
const orderlyStops = 5;
const sendsBeforeStopMs = 700;
const quietMs = 3000;
const settledDeadlineMs = 180_000;

export async function runSyslogTcp(options: EdgeOptions): Promise<EdgeResult> {
  const { programs, seed, log } = options;
  await using scratch = await Scratch.make();
  await using hub = new HubHost({ programs, scratch });
  const [confirming, plain] = [await freePort(), await freePort()];
  await using agent = new AgentHost({
    programs,
    scratch,
    hubs: () => [hub.url],
    inputs: [
      { kind: 'syslog', listen: [`tcp://127.0.0.1:${confirming}`], confirm: true },
      { kind: 'syslog', listen: [`tcp://127.0.0.1:${plain}`] },
    ],
  });
  await hub.start();
  await start(agent, [confirming, plain]);
  const random = new Random(seed);
  const senders = Array.from({ length: resendingSenders }, (_, index) => {
    return new ResendingSender({ sender: `s${index}`, port: confirming, random: random.fork(index) });
  });
  const forgetful = new PlainSender({ sender: 's90', port: plain, random: random.fork(90) });
  const orderly = new PlainSender({ sender: 's91', port: plain, random: random.fork(91) });

  const killing = new AbortController();
  const sending = Promise.all([...senders, forgetful].map((sender) => sender.run(killing.signal)));
  const rounds = new KillRounds({ ...options, agent, senders, random: random.fork(100), ports: [confirming, plain] });
  await rounds.run();
  killing.abort();
  await sending;
  await stopInOrder(agent, orderly, [confirming, plain]);
  const confirmed = senders.flatMap((sender) => sender.confirmed);
  const resent = senders.reduce((sum, { groupsSent, groupsConfirmed }) => sum + groupsSent - groupsConfirmed, 0);
  log(`${confirmed.length} messages confirmed, ${resent} groups sent again; waiting until all is archived`);
  await archiveAtRest(hub.archive);
  await agent.program.stop();
  await hub.program.stop();
  const archived = await countArchived(hub.archive);
  const lostPlain = forgetful.sent.filter((name) => !archived.counts.has(name)).length;
  log(
    `of ${forgetful.sent.length} messages of the sender that sends nothing again ${lostPlain} were lost in ${rounds.counted} kills`,
  );
  const faults = { 'agent killed': rounds.counted, 'agent stopped in order': orderlyStops, 'lost without resending': lostPlain };
  return {
    rounds: rounds.counted,
    roundsNotCounted: rounds.tried - rounds.counted,
    faults,
    toleratesDoubled: true,
    verdict: verdictOf([...confirmed, ...orderly.sent], archived),
  };
}

interface KillRoundsOptions extends EdgeOptions {
  readonly agent: AgentHost;
  readonly senders: readonly ResendingSender[];
  readonly random: Random;
  readonly ports: readonly number[];
}

class KillRounds {
  readonly #options: KillRoundsOptions;
  counted = 0;
  tried = 0;

  constructor(options: KillRoundsOptions) {
    this.#options = options;
  }

  /** A round counts only if a sender waited for its confirmation at the kill. */
  async run(): Promise<void> {
    const { agent, senders, random, rounds, log, ports } = this.#options;
    while (this.counted < rounds) {
      if (this.tried > rounds * 3 + 10) throw new Error('too few rounds had messages in flight');
      this.tried += 1;
      const confirmedBefore = senders.reduce((sum, { confirmed }) => sum + confirmed.length, 0);
      // Something was confirmed since the start, so that both what is stored and what is not is on its way.
      await until('messages are confirmed again', () => sumOfConfirmed(senders) > confirmedBefore, {
        deadlineMs: 120_000,
        detail: () => agent.program.tail(),
      });
      await sleep(random.below(400));
      const inFlightBytes = senders.reduce((sum, sender) => sum + sender.inFlightBytes, 0);
      if (!agent.running) throw new Error(`the agent ended by itself\n${agent.program.tail()}`);
      await agent.program.kill();
      if (inFlightBytes > 0) this.counted += 1;
      log(`round ${this.tried}: ${inFlightBytes} bytes in flight, ${this.counted} counted`);
      await start(agent, ports);
    }
  }
}

function sumOfConfirmed(senders: readonly ResendingSender[]): number {
  return senders.reduce((sum, { confirmed }) => sum + confirmed.length, 0);
}

/** The agent is stopped while a sender that sends nothing again is at it. */
async function stopInOrder(agent: AgentHost, sender: PlainSender, ports: readonly number[]): Promise<void> {
  const stopping = new AbortController();
  const sending = sender.run(stopping.signal);
  for (let stop = 0; stop < orderlyStops; stop += 1) {
    await sleep(sendsBeforeStopMs);
    await agent.program.stop();
    await start(agent, ports);
  }
  await sleep(sendsBeforeStopMs);
  stopping.abort();
  await sending;
}

async function start(agent: AgentHost, ports: readonly number[]): Promise<void> {
  await agent.start();
  await until('the agent listens', () => ports.every((port) => agent.program.stderr.includes(`tcp://127.0.0.1:${port}`)), {
    deadlineMs: 120_000,
    detail: () => agent.program.tail(),
  });
}

/** Resolves when nothing more comes into the archive. */
async function archiveAtRest(archive: string): Promise<void> {
  let last = -1;
  let lastMs = performance.now();
  const check = async (): Promise<boolean> => {
    const bytes = await archivedRawBytes(archive);
    if (bytes !== last) [last, lastMs] = [bytes, performance.now()];
    return performance.now() - lastMs > quietMs;
  };
  await until('the archive is at rest', check, { deadlineMs: settledDeadlineMs, everyMs: 200 });
}

interface Archived {
  readonly counts: ReadonlyMap<MessageName, number>;
  readonly foreign: readonly string[];
  readonly rows: number;
  readonly streams: number;
}

async function countArchived(archive: string): Promise<Archived> {
  const counts = new Map<MessageName, number>();
  const foreign: string[] = [];
  const streams = await readArchive(archive);
  let rows = 0;
  for (const { raw, pieces } of streams) {
    let at = 0;
    for (const { bytes } of pieces) {
      const text = raw.toString('latin1', at, at + bytes);
      at += bytes;
      rows += 1;
      const name = nameOf(text);
      if (name === undefined) foreign.push(text);
      else counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return { counts, foreign, rows, streams: streams.length };
}

function verdictOf(written: readonly MessageName[], { counts, foreign, rows, streams }: Archived): Verdict {
  const lost = written.filter((name) => !counts.has(name));
  const doubled = written.filter((name) => (counts.get(name) ?? 0) > 1);
  return {
    written: written.length,
    arrived: written.length - lost.length,
    lost: lost.length,
    doubled: doubled.length,
    disordered: 0,
    // A connection that broke may end within a message: what came of it is kept, as it is.
    foreign: 0,
    mismatched: 0,
    incomplete: 0,
    rows,
    streams,
    objects: 0,
    examples: [...lost.slice(0, 5).map((name) => `lost: ${name}`), ...foreign.slice(0, 5).map((text) => `a piece: ${text}`)],
  };
}

/** One that stays the same over restarts of the agent. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}
