/**
 * What agents tell of themselves, checked when it comes in: whoever has an agent's key can tell anything. By hand and not by zod, as of thousands of
 * agents each tells every ten seconds. What is as the agent told it before, which is most of it, stays the object that it was: what is kept for ten
 * seconds and then replaced costs the garbage collector more than all the reading.
 */
import type { AgentBooks, AgentMeasured, MeasuredFile, MeasuredInput } from '@tributary/protocol/platform/agent-measured.ts';
import { asFields } from '@tributary/protocol/platform/document.ts';
import { kept } from './kept.ts';

/** How long texts and lists are at most, and how many causes of losses are told. */
const [textMax, listMax, causesMax] = [1000, 100, 50];

/** Undefined: it is not what an agent tells. Files are told less often than all else: those of before are by themselves. */
export function measuredOf(
  value: unknown,
  before?: AgentMeasured,
  filesBefore?: readonly MeasuredFile[],
): AgentMeasured | undefined {
  const told = asFields(value);
  const { state, started_ms, period_ms, lag, inputs_total, files_total, certificate_ends_ms } = told;
  if (state !== 'running' && state !== 'waiting-for-site' && state !== 'stopping') return undefined;
  if (!isSum(started_ms) || !isSum(period_ms) || !isSum(lag) || !isSum(inputs_total) || !isSum(files_total)) return undefined;
  if (!isSumOrNone(certificate_ends_ms)) return undefined;
  const process = processOf(asFields(told['process']));
  const machine = machineOf(asFields(told['machine']));
  const uplink = uplinkOf(asFields(told['uplink']));
  const rates = ratesOf(asFields(told['rates']));
  const buffer = bufferOf(asFields(told['buffer']));
  const books = booksOf(asFields(told['books']));
  const inputs = listOf(told['inputs'], inputOf, before?.inputs);
  const files = told['files'] === undefined ? none : listOf(told['files'], fileOf, filesBefore);
  if (process === undefined || machine === undefined || uplink === undefined || rates === undefined) return undefined;
  if (buffer === undefined || books === undefined || inputs === undefined || files === undefined) return undefined;
  return {
    state,
    started_ms,
    period_ms,
    process,
    machine: kept(before?.machine, machine),
    uplink: kept(before?.uplink, uplink),
    ...(certificate_ends_ms !== undefined && { certificate_ends_ms }),
    lag,
    rates,
    buffer,
    books,
    inputs,
    inputs_total,
    files_total,
    ...(files !== none && { files }),
  };
}

const none: readonly never[] = [];

type Told = ReturnType<typeof asFields>;

function processOf({ rss_bytes, cpu_percent }: Told): AgentMeasured['process'] | undefined {
  return isSum(rss_bytes) && isSum(cpu_percent) ? { rss_bytes, cpu_percent } : undefined;
}

function machineOf({ os, kernel, arch, cores, memory_bytes }: Told): AgentMeasured['machine'] | undefined {
  if (!isText(os) || !isText(kernel) || !isText(arch) || !isSum(cores) || !isSum(memory_bytes)) return undefined;
  return { os, kernel, arch, cores, memory_bytes };
}

function uplinkOf({ state, hub }: Told): AgentMeasured['uplink'] | undefined {
  return isText(state) && isText(hub) ? { state, hub } : undefined;
}

function ratesOf({ records, bytes, sent_bytes }: Told): AgentMeasured['rates'] | undefined {
  return isSum(records) && isSum(bytes) && isSum(sent_bytes) ? { records, bytes, sent_bytes } : undefined;
}

function bufferOf({ state, bytes, max_bytes, unacked_bytes, batches }: Told): AgentMeasured['buffer'] | undefined {
  if (!isText(state) || !isSum(bytes) || !isSum(max_bytes) || !isSum(unacked_bytes) || !isSum(batches)) return undefined;
  return { state, bytes, max_bytes, unacked_bytes, batches };
}

function booksOf({ read, acked, buffered, filtered, lost, unaccounted }: Told): AgentBooks | undefined {
  if (!isSum(read) || !isSum(acked) || !isSum(buffered) || !isSum(filtered) || !isFigure(unaccounted)) return undefined;
  const causes = lostOf(lost);
  return causes === undefined ? undefined : { read, acked, buffered, filtered, lost: causes, unaccounted };
}

function lostOf(value: unknown): AgentBooks['lost'] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const causes = Object.entries(value);
  if (causes.length > causesMax) return undefined;
  const lost: Record<string, number> = {};
  for (const [cause, records] of causes) {
    if (!isText(cause) || !isSum(records)) return undefined;
    lost[cause] = records;
  }
  return lost;
}

function inputOf({ name, kind, type, state, error, sources, failed, lag }: Told): MeasuredInput | undefined {
  if (!isText(name) || !isText(kind) || !isText(type) || (state !== 'running' && state !== 'failed')) return undefined;
  if (!isSum(sources) || !isSum(failed) || !isSum(lag) || (error !== undefined && !isText(error))) return undefined;
  return { name, kind, type, state, ...(error !== undefined && { error }), sources, failed, lag };
}

function fileOf(told: Told): MeasuredFile | undefined {
  const { input, path, stream_id, state, size, position, lag, lag_seconds, last_read_ms } = told;
  if (!isText(input) || !isText(path) || !isText(stream_id) || !isText(state)) return undefined;
  if (!isSum(size) || !isSum(position) || !isSum(lag) || !isSumOrNone(lag_seconds) || !isSumOrNone(last_read_ms))
    return undefined;
  const times = { ...(lag_seconds !== undefined && { lag_seconds }), ...(last_read_ms !== undefined && { last_read_ms }) };
  return { input, path, stream_id, state, size, position, lag, ...times };
}

function listOf<Item extends object>(
  value: unknown,
  itemOf: (told: Told) => Item | undefined,
  before: readonly Item[] = none,
): readonly Item[] | undefined {
  if (!Array.isArray(value) || value.length > listMax) return undefined;
  const items: Item[] = [];
  for (const told of value) {
    const item = itemOf(asFields(told));
    if (item === undefined) return undefined;
    items.push(kept(before[items.length], item));
  }
  return items.length === before.length && items.every((item, index) => item === before[index]) ? before : items;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= textMax;
}

function isFigure(value: unknown): value is number {
  return Number.isFinite(value);
}

function isSum(value: unknown): value is number {
  return isFigure(value) && value >= 0;
}

function isSumOrNone(value: unknown): value is number | undefined {
  return value === undefined || isSum(value);
}
