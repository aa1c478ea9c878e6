/**
 * npm run ledger -- --scenario NAME [--rounds N] [--frames N] [--seed S] [--plain] [--json] [--binaries]
 *
 * Runs a fault scenario on real processes and ends with one JSON line. Exit codes: 0 nothing lost, doubled or out of order;
 * 1 something was, something else was not as it must be (`problems`), or the run failed; 2 usage.
 */
import { parseArgs } from 'node:util';
import { builtPrograms, sourcePrograms } from '../programs.ts';
import { isClean } from './check.ts';
import { runCluster, runRedisCluster, runSentinel } from './cluster.ts';
import { runCopytruncate } from './copytruncate.ts';
import { runEdge } from './edge.ts';
import { runElasticsearch } from './elasticsearch.ts';
import { runHostile } from './hostile.ts';
import { runHousekeeping } from './housekeeping.ts';
import { runPipelines } from './pipelines.ts';
import { runRotation } from './rotation.ts';
import { runS3 } from './s3.ts';
import { runSpill } from './spill.ts';
import { runSyslogTcp } from './syslog-tcp.ts';
import { runUpstream, runUpstreamLost } from './upstream.ts';

const scenarios = {
  edge: runEdge,
  rotation: runRotation,
  copytruncate: runCopytruncate,
  'syslog-tcp': runSyslogTcp,
  hostile: runHostile,
  cluster: runCluster,
  sentinel: runSentinel,
  'redis-cluster': runRedisCluster,
  upstream: runUpstream,
  'upstream-lost': runUpstreamLost,
  spill: runSpill,
  pipelines: runPipelines,
  elasticsearch: runElasticsearch,
  s3: runS3,
  housekeeping: runHousekeeping,
};

const usage = `usage: npm run ledger -- [--scenario ${Object.keys(scenarios).join('|')}] [--rounds N] [--frames N] [--seed S] [--plain] [--json] [--binaries]
  --rounds    rounds with batches in flight at the kill (default 100)
  --frames    mutated frames and requests of the scenario hostile (default 1000000)
  --plain     the scenario edge without TLS
  --seed      replays a run's faults and content (default: drawn, and printed)
  --json      print nothing but the last line
  --binaries  run dist/tributary-agent and dist/tributary-hub instead of the sources, built anew if need be
`;

async function main(): Promise<number> {
  const { scenario, seed, json, binaries, ...amounts } = readArguments();
  const run = Object.entries(scenarios).find(([name]) => name === scenario)?.[1];
  if (run === undefined) throw new UsageError(`there is no scenario ${scenario}`);
  const start = performance.now();
  const log = (line: string): void => {
    if (json) return;
    process.stdout.write(`${((performance.now() - start) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
  };
  log(`scenario ${scenario}, seed ${seed}, ${binaries ? 'shipped executables' : 'from source'}`);
  const result = await run({ programs: binaries ? builtPrograms() : sourcePrograms, seed, log, ...amounts });
  const { verdict, problems = [] } = result;
  log(`${result.rounds} rounds counted, ${result.roundsNotCounted} did not; ${verdict.rows} rows in ${verdict.objects} objects`);
  const { written, arrived, lost, doubled, disordered, foreign, mismatched, incomplete } = verdict;
  const counts = { written, arrived, lost, doubled, disordered };
  const more = foreign + mismatched + incomplete > 0 ? { foreign, mismatched, incomplete } : {};
  const wrong = problems.length > 0 ? { problems } : {};
  process.stdout.write(
    `${JSON.stringify({ scenario, rounds: result.rounds, faults: result.faults, ...counts, ...more, ...wrong, seed })}\n`,
  );
  const judged = {
    ...verdict,
    ...(result.toleratesDoubled === true ? { doubled: 0 } : {}),
    ...(result.toleratesDisordered === true ? { disordered: 0 } : {}),
  };
  return problems.length === 0 && isClean(judged) ? 0 : 1;
}

class UsageError extends Error {}

interface Arguments {
  readonly scenario: string;
  readonly rounds: number;
  readonly frames: number;
  readonly seed: number;
  readonly plain: boolean;
  readonly json: boolean;
  readonly binaries: boolean;
}

function readArguments(): Arguments {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    options: {
      scenario: { type: 'string', default: 'edge' },
      rounds: { type: 'string', default: '100' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
      frames: { type: 'string', default: '1000000' },
      plain: flag,
      json: flag,
      binaries: flag,
    },
  });
  return {
    ...values,
    rounds: wholeNumber('--rounds', values.rounds),
    frames: wholeNumber('--frames', values.frames),
    seed: wholeNumber('--seed', values.seed),
  };
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`${name} takes a whole number, not ${text}`);
  return Number(text);
}

try {
  process.exitCode = await main();
} catch (error) {
  const isUsage = error instanceof UsageError || (error instanceof TypeError && 'code' in error);
  process.stderr.write(
    isUsage ? `${error.message}\n${usage}` : `${error instanceof Error ? (error.stack ?? '') : String(error)}\n`,
  );
  process.exitCode = isUsage ? 2 : 1;
}
