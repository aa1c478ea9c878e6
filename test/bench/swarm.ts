/**
 * Very many agents in one process: `swarm.ts SETTINGS.json`. Says `connected` when the hub takes lines of all of them, then each writes a
 * line a second at a moment of its own, or nothing; in the end it prints what it saw as JSON, and stays connected until it is stopped.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { at, numberAt, parseJson, textAt } from '../harness/json.ts';
import { TestAuthority } from '../harness/test-authority.ts';
import { SwarmAgent } from './swarm-agent.ts';
import { documentsEveryMs, documentsOf } from './swarm-documents.ts';

const given = parseJson(readFileSync(process.argv[2] ?? '', 'utf8'));
const settings = {
  url: textAt(given, 'url'),
  siteId: textAt(given, 'siteId'),
  ca: textAt(given, 'ca'),
  caKey: textAt(given, 'caKey'),
  agents: numberAt(given, 'agents'),
  /** How long each writes a line a second; 0: nobody writes. */
  seconds: numberAt(given, 'seconds'),
  /** Each tells how it and its machine are instead, as often as real agents do. */
  tells: at(given, 'tells') === true,
};

const connectingMax = 32;
const warmUpSeconds = 5;
const certificateMs = 90 * 86_400_000;
const line = `${'an application tells something of itself, as applications do, with a number '.padEnd(140, '.')}\n`;

/** Of lines written while it was measured. */
const latencies = new Float64Array(10_000_000);
let latencyCount = 0;
let written = 0;
let measuring = false;
const failures: string[] = [];

const authority = await TestAuthority.load({
  cert: readFileSync(settings.ca, 'utf8'),
  key: readFileSync(settings.caKey, 'utf8'),
});
const agents = await connectAll();
process.stdout.write('connected\n');
if (settings.seconds > 0) await writeAll();
process.stdout.write(`${JSON.stringify(report())}\n`);
await new Promise((resolve) => process.once('SIGTERM', resolve));
for (const agent of agents) agent.leave();

async function connectAll(): Promise<SwarmAgent[]> {
  const made: SwarmAgent[] = [];
  let next = 0;
  const connectSome = async (): Promise<void> => {
    while (next < settings.agents) {
      const number = next;
      next += 1;
      const agent = await connectOne((number + 1).toString(16).padStart(32, '0'));
      await agent.ready;
      made.push(agent);
    }
  };
  await Promise.all(Array.from({ length: connectingMax }, connectSome));
  return made;
}

async function connectOne(agentId: string): Promise<SwarmAgent> {
  const names = { kind: 'agent', siteId: settings.siteId, agentId, tenant: 'default' } as const;
  return new SwarmAgent(agentId, {
    url: settings.url,
    identity: await authority.issue({ names, untilMs: certificateMs }),
    type: settings.tells ? 'platform' : 'app',
    onDurable: (latencyMs) => {
      if (measuring && latencyCount < latencies.length) latencies[latencyCount++] = latencyMs;
    },
    onFailed: (error) => failures.push(error.message),
  });
}

/** Each agent at a moment of its own, so that the lines of all come evenly. */
async function writeAll(): Promise<void> {
  const endMs = performance.now() + (warmUpSeconds + settings.seconds) * 1000;
  const perTick = Math.max(1, Math.ceil(agents.length / 200));
  const everyMs = ((settings.tells ? documentsEveryMs : 1000) * perTick) / agents.length;
  let dueMs = performance.now();
  setTimeout(() => (measuring = true), warmUpSeconds * 1000);
  for (let next = 0; performance.now() < endMs; next += perTick) {
    const from = next % agents.length;
    const turn = Math.floor(next / agents.length);
    for (const [index, agent] of agents.slice(from, from + perTick).entries()) {
      // What is told in some turns only, others tell in others.
      for (const one of settings.tells ? documentsOf(agent.agentId, turn + index) : [line]) {
        agent.write(one);
        written += 1;
      }
    }
    dueMs += everyMs;
    await sleep(Math.max(0, dueMs - performance.now()));
  }
  await sleep(2000);
}

function report(): Record<string, unknown> {
  const sorted = latencies.subarray(0, latencyCount).toSorted();
  const quantile = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return {
    agents: agents.length,
    written,
    measured: latencyCount,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    maxMs: quantile(1),
    failures: failures.length,
    failure: failures[0] ?? '',
  };
}
