import { join } from 'node:path';
import { printable } from '@tributary/shared/printable.ts';
import { loadConfig } from '../config/load-config.ts';
import { readTap } from '../status/tap/read-tap.ts';
import type { SkippedRecords, TappedRecord } from '../status/tap/tapped-record.ts';
import { type CommandHost, type ExitCode, exitCode } from './exit.ts';

export interface TapOptions {
  readonly configFile: string;
  readonly json: boolean;
  readonly input?: string;
  readonly type?: string;
  readonly path?: string;
  readonly rate?: string;
  /** Ends after so many records. */
  readonly count?: number;
}

/** `tap`: shows what the running agent reads, as it is shipped, until it is told to stop. */
export async function tapCommand(options: TapOptions, host: CommandHost): Promise<ExitCode> {
  const { configFile, json, count = Infinity } = options;
  const config = await loadConfig({ file: configFile, env: host.env });
  const socketPath = join(config.run_dir, 'agent.sock');
  const query = new URLSearchParams();
  for (const name of ['input', 'type', 'path', 'rate'] as const) {
    const value = options[name];
    if (value !== undefined) query.set(name, value);
  }
  const enough = new AbortController();
  const signal = AbortSignal.any([host.stop, enough.signal]);
  let records = 0;
  const end = await readTap({ socketPath, query, signal }, (line, told) => {
    if (records >= count) return;
    if (json) host.out(`${line}\n`);
    else if ('skipped' in told) host.err(skippedText(told));
    else host.out(recordText(told));
    if (!('skipped' in told)) records += 1;
    if (records >= count) enough.abort();
  });
  if (signal.aborted) return exitCode.done;
  if (end === 'over') host.err('the agent ended the connection\n');
  else host.err(`no tributary-agent answers at ${socketPath}: start it with \`tributary-agent run --config ${configFile}\`\n`);
  return exitCode.failed;
}

/** Whoever wrote the record writes no more than text to this terminal; lines of one record stay together. */
export function recordText({ path, text, partial }: Pick<TappedRecord, 'path' | 'text' | 'partial'>): string {
  const lines = text.split('\n').map(printable);
  return `${printable(path)}: ${lines.join('\n  ')}${partial === true ? ' …' : ''}\n`;
}

function skippedText({ skipped }: SkippedRecords): string {
  return `(${skipped} more ${skipped === 1 ? 'record' : 'records'}: --rate shows more of them, --input, --type and --path fewer)\n`;
}
