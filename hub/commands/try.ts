/** `try`: lines through a pipeline, with what each step does to them. Changes nothing, and needs no running hub. */
import { printable } from '@tributary/shared/printable.ts';
import { tenantName, typeName } from '../config/names.ts';
import { scriptTypes } from '../processing/steps/script/script-types.ts';
import type { PipelineSource } from '../processing/definition/pipeline-set.ts';
import { isPath, sourceAt, sourceNamed, textsOf } from '../processing/trying/load-source.ts';
import type { StepProfile } from '../processing/trying/profile.ts';
import { Trial, type TrialLimits } from '../processing/trying/trial.ts';
import type { TriedLine, TriedMeta } from '../processing/trying/tried.ts';
import { coloured, documentText, lineText, type Paint, plain } from '../processing/trying/tried-text.ts';
import { trialWorker } from '../workers.ts';
import { type CommandHost, type ExitCode, exitCode, UsageError } from './exit.ts';
import { inputLines } from './input-lines.ts';
import { type FolderRequest, limitsDefault, pipelineFolder, problemsText } from './pipeline-place.ts';
import { jsonLine, table } from './tables.ts';

export interface TryOptions extends FolderRequest {
  readonly pipeline: string | undefined;
  /** Standard input unless named. */
  readonly file: string | undefined;
  readonly json: boolean;
  readonly last: boolean;
  readonly profile: boolean;
  readonly show: boolean;
  readonly types: boolean;
  readonly limit?: string | undefined;
  readonly tenant?: string | undefined;
  readonly type?: string | undefined;
  readonly host?: string | undefined;
  readonly received?: string | undefined;
}

/** What is kept in memory of the lines that are gone through again and again. */
const profileBytesMax = 64 * 1024 * 1024;

export async function tryCommand(options: TryOptions, host: CommandHost): Promise<ExitCode> {
  if (options.types) {
    await host.out(scriptTypes);
    return exitCode.done;
  }
  if (options.pipeline === undefined) throw new UsageError('name a pipeline, a preset, or a file with a pipeline');
  const { source, limits } = sourceOf(options.pipeline, options, host);
  if (options.show) return await show(source, host);
  const meta = metaOf(options, source.name);
  const limit = limitOf(options.limit);
  await using trial = new Trial(trialWorker, limits);
  const opened = await trial.open(source, meta);
  if ('problems' in opened) {
    host.err(problemsText(opened.problems));
    return exitCode.usage;
  }
  const lines = limited(inputLines(options.file), limit);
  if (options.profile) await profileLines(trial, lines, options, host);
  else await tryLines(trial, lines, options, host);
  return exitCode.done;
}

function sourceOf(
  name: string,
  options: TryOptions,
  host: CommandHost,
): { readonly source: PipelineSource; readonly limits: TrialLimits } {
  if (isPath(name) && !options.configGiven) return { source: sourceAt(name), limits: limitsDefault };
  const { folder, limits } = pipelineFolder(options, host);
  return { source: isPath(name) ? sourceAt(name) : sourceNamed(name, folder), limits };
}

async function show(source: PipelineSource, host: CommandHost): Promise<ExitCode> {
  for (const [index, { file, text }] of textsOf(source).entries()) {
    const shown = text.trim().split('\n').map(printable).join('\n');
    await host.out(`${index === 0 ? '' : '\n'}# ${printable(file)}\n${shown}\n`);
  }
  return exitCode.done;
}

async function tryLines(trial: Trial, groups: Lines, { json, last }: TryOptions, host: CommandHost): Promise<void> {
  const paint = process.stdout.isTTY && (host.env['NO_COLOR'] ?? '') === '' ? coloured : plain;
  let number = 0;
  for await (const group of groups) {
    const { lines, told } = await trial.try(group);
    for (const problem of told) host.err(`${printable(problem)}\n`);
    for (const line of lines) {
      number += 1;
      await host.out(json ? jsonOf(line, number, last) : last ? lastText(line, paint) : lineText(line, number, paint));
    }
  }
}

function jsonOf(line: TriedLine, number: number, last: boolean): string {
  const { text, documents } = line;
  return jsonLine(last ? { number, text, documents } : { number, ...line });
}

function lastText({ documents }: TriedLine, paint: Paint): string {
  return documents.map((document) => `${documentText(document, documents.length > 1, paint)}\n`).join('');
}

async function profileLines(trial: Trial, groups: Lines, { json }: TryOptions, host: CommandHost): Promise<void> {
  const lines: Uint8Array[] = [];
  let bytes = 0;
  for await (const group of groups) {
    lines.push(...group);
    bytes += group.reduce((sum, line) => sum + line.length, 0);
    if (bytes > profileBytesMax) break;
  }
  const steps = await trial.profile(lines);
  await host.out(json ? jsonLine({ lines: lines.length, bytes, steps }) : profileText(steps, lines.length));
}

function profileText(steps: readonly StepProfile[], lines: number): string {
  const all = steps.reduce((sum, { ms }) => sum + ms, 0);
  const rows = steps.map((step, index) => {
    const share = all === 0 ? 0 : (100 * step.ms) / all;
    const each = step.in === 0 ? '' : ((1000 * step.ms) / step.in).toFixed(2);
    return [
      `${index + 1} ${printable(step.name)}`,
      ...[step.in, step.failed, step.dropped].map(String),
      each,
      `${share.toFixed(1)} %`,
    ];
  });
  const perSecond = all === 0 ? '' : `, ${Math.round((1000 * lines) / all).toLocaleString('en')} lines a second`;
  return `${table(['STEP', 'RECORDS', 'FAILED', 'DROPPED', 'µs EACH', 'SHARE'], rows)}${lines} lines in ${all.toFixed(1)} ms${perSecond}\n`;
}

type Lines = AsyncIterable<readonly Uint8Array[]>;

async function* limited(groups: Lines, limit: number): AsyncGenerator<readonly Uint8Array[]> {
  let left = limit;
  for await (const group of groups) {
    yield group.slice(0, left);
    left -= group.length;
    if (left <= 0) return;
  }
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new UsageError(`--limit: ${text} is not a number of lines`);
  return Number(text);
}

/** What is not said is as a test's. */
function metaOf({ tenant = 'default', type, host = 'localhost', received }: TryOptions, pipeline: string): TriedMeta {
  const named = type ?? (typeName.safeParse(pipeline).success ? pipeline : 'app');
  for (const [option, name, schema] of [
    ['--tenant', tenant, tenantName],
    ['--type', named, typeName],
  ] as const) {
    const { error } = schema.safeParse(name);
    if (error !== undefined) throw new UsageError(`${option}: ${JSON.stringify(name)} ${error.issues[0]?.message ?? 'is none'}`);
  }
  const receivedMs = received === undefined ? Date.now() : Date.parse(received);
  if (Number.isNaN(receivedMs)) throw new UsageError(`--received: ${received ?? ''} is no time; write 2026-11-21T10:00:00Z`);
  return { tenant, type: named, host, path: `/var/log/${named}.log`, labels: {}, receivedMs };
}
