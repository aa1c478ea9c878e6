/**
 * npm run bench -- [--json] [--source] [--strict] [--full] [--runs N] [NAME…]
 *
 * Measures the shipped executables (built anew if need be), or the sources with --source, in default
 * configuration. Exit codes: 0 measured, whatever the figures are; 1 failed, or with --strict a limit was missed; 2 usage.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { builtPrograms, sourcePrograms } from '../harness/programs.ts';
import { archiveTime, edge } from './edge.ts';
import { elasticsearchBulk } from './elasticsearch-bulk.ts';
import { enrolTime } from './enrol-time.ts';
import { failover } from './failover.ts';
import { generatedLog } from './generator.ts';
import { health2000 } from './health.ts';
import { idleFiles } from './idle-files.ts';
import { idleMetrics } from './idle-metrics.ts';
import { agents2000, connections10000 } from './many-agents.ts';
import { idleMemory, largeFileMemory, manyFilesMemory, slowHubMemory } from './memory.ts';
import { page2000 } from './page.ts';
import { parse, parseWorkers } from './parse.ts';
import { redisTime } from './redis-time.ts';
import { rotationStorm } from './rotation-storm.ts';
import { s3Archive } from './s3-archive.ts';
import { search } from './search.ts';
import { searchFirstResults } from './search-first-results.ts';
import { syslogUdp } from './syslog-udp.ts';
import { tlsTime } from './tls-time.ts';
import { upstreamTime } from './upstream-time.ts';
import type { Bench, Figure, Measurement } from './figure.ts';

const measurements: readonly Measurement[] = [
  edge,
  idleMemory,
  manyFilesMemory,
  slowHubMemory,
  largeFileMemory,
  archiveTime,
  search,
  searchFirstResults,
  tlsTime,
  enrolTime,
  redisTime,
  upstreamTime,
  parse,
  parseWorkers,
  elasticsearchBulk,
  s3Archive,
  idleFiles,
  idleMetrics,
  syslogUdp,
  rotationStorm,
  agents2000,
  health2000,
  page2000,
  connections10000,
  failover,
];

const names = measurements.flatMap(({ figures }) => figures);
const usage = `usage: npm run bench -- [--json] [--source] [--strict] [--full] [--runs N] [NAME…]
figures: ${names.join(' ')}
`;

class UsageError extends Error {}

async function main(): Promise<number> {
  const { json, source, strict, full, runs, wanted } = readArguments();
  const programs = source ? sourcePrograms : builtPrograms();
  const print = (line: string): void => {
    if (!json) process.stdout.write(`${line}\n`);
  };
  const log = generatedLog();
  const kind = programs.kind === 'source' ? 'from source' : 'shipped executables';
  print(
    `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, ${kind}, medians of ${runs} runs`,
  );
  print(`log: ${log.lines} lines, ${(log.bytes / 1e6).toFixed(1)} MB, sha256 ${log.sha256.slice(0, 16)}`);
  let allOk = true;
  const bench: Bench = { programs, log, runs, full, note: (line) => print(`  ${line}`) };
  for (const measurement of measurements) {
    if (wanted.length === 0 ? measurement.long === true : !measurement.figures.some((name) => wanted.includes(name))) continue;
    for (const figure of await measurement.measure(bench)) {
      allOk &&= figure.ok;
      process.stdout.write(json ? `${JSON.stringify(jsonOf(figure))}\n` : `${rowOf(figure)}\n`);
    }
  }
  return strict && !allOk ? 1 : 0;
}

interface Arguments {
  readonly json: boolean;
  readonly source: boolean;
  readonly strict: boolean;
  readonly full: boolean;
  readonly runs: number;
  readonly wanted: readonly string[];
}

function readArguments(): Arguments {
  const flag = { type: 'boolean', default: false } as const;
  const { values, positionals } = parseArgs({
    options: { json: flag, source: flag, strict: flag, full: flag, runs: { type: 'string', default: '5' } },
    allowPositionals: true,
  });
  const unknown = positionals.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new UsageError(`there is no figure ${unknown}`);
  if (!/^[1-9]\d?$/.test(values.runs)) throw new UsageError('--runs takes a number from 1 to 99');
  return { ...values, runs: Number(values.runs), wanted: positionals };
}

/** Ratios and values with as many digits as they are worth. */
function jsonOf(figure: Figure): Record<string, unknown> {
  const { name, value, unit, against, ratio, limit, ok } = figure;
  return {
    name,
    value: rounded(value),
    unit,
    against: against ?? null,
    ratio: ratio === undefined ? null : rounded(ratio),
    limit: limit ?? null,
    ok,
  };
}

function rowOf(figure: Figure): string {
  const { name, value, unit, against, ratio, limit, ok } = figure;
  const measured = `${rounded(value)} ${unit}`.padStart(13);
  const compared = ratio === undefined ? '' : `${ratio.toFixed(2)} × ${against ?? ''}`;
  const judged = limit === undefined ? '' : `${ok ? 'ok' : 'MISSED'}, limit ${limit}${ratio === undefined ? ` ${unit}` : ' ×'}`;
  return `${name.padEnd(28)}${measured}  ${judged.padEnd(22)} ${compared}`.trimEnd();
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
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
