/** `check`: is the configuration good, and what would each input read now? Changes nothing. */
import { accessSync, constants } from 'node:fs';
import { stat } from 'node:fs/promises';
import { lookup } from 'node:dns/promises';
import { printable } from '@tributary/shared/printable.ts';
import { loadConfig } from '../config/load-config.ts';
import { FilePatterns } from '../inputs/file/file-patterns.ts';
import type { AgentConfig, InputConfig } from '../options.ts';
import { channelType } from '../platform/channel.ts';
import { explainInput, type ExplainedInput } from './check/explain-input.ts';
import { lookAtTls, type TlsFinding, tlsLines } from './check/look-at-tls.ts';
import { type StoredStreams, storedStreams } from './check/stored-streams.ts';
import { type CommandHost, type ExitCode, exitCode } from './exit.ts';

export interface CheckOptions {
  readonly configFile: string;
  readonly json: boolean;
  /** Tell of each file what it is read as, and why others are left out. */
  readonly explain: boolean;
}

interface InputFinding {
  readonly input: number;
  readonly kind: string;
  readonly type: string;
  readonly files: number;
  readonly bytes: number;
  readonly unreadable: readonly Trouble[];
  /** Globs that no file matches now; that is no fault. */
  readonly unmatched: readonly Trouble[];
  readonly explained?: ExplainedInput;
}

interface Trouble {
  readonly path: string;
  readonly reason: string;
}

interface HubFinding {
  readonly hub: string;
  readonly addresses: readonly string[];
  readonly trouble: string;
}

export async function checkCommand(options: CheckOptions, host: CommandHost): Promise<ExitCode> {
  const config = await loadConfig({ file: options.configFile, env: host.env });
  const stored = options.explain ? storedStreams(config.data_dir) : undefined;
  const inputs = await Promise.all(
    config.inputs.map(async (input, index) => await lookAtInput(input, { index, config, stored })),
  );
  const hubs = await Promise.all(config.hubs.map(async (hub) => await lookUpHub(hub, config)));
  const tls = lookAtTls(config, Date.now());
  const isGood =
    inputs.every(({ unreadable }) => unreadable.length === 0) &&
    hubs.some(({ trouble }) => trouble === '') &&
    tls.troubles.length === 0;
  if (options.json) host.out(`${JSON.stringify({ file: options.configFile, ok: isGood, inputs, hubs, tls })}\n`);
  else {
    const inputText = inputs.length === 0 ? ['no inputs: nothing is read'] : inputs.flatMap(inputLines);
    const positions = stored === undefined || stored.trouble === '' ? [] : [`no position is known: ${stored.trouble}`];
    const lines = [
      headline(options.configFile, { inputs, hubs, tls }),
      ...positions,
      ...inputText,
      ...hubLines(hubs),
      ...tlsLines(tls),
    ];
    host.out(`${lines.map(printable).join('\n')}\n`);
  }
  return isGood ? exitCode.done : exitCode.failed;
}

interface Place {
  readonly index: number;
  readonly config: AgentConfig;
  /** Undefined: nothing is explained. */
  readonly stored: StoredStreams | undefined;
}

async function lookAtInput(config: InputConfig, { index, config: all, stored }: Place): Promise<InputFinding> {
  const unreadable: Trouble[] = [];
  const unmatched: Trouble[] = [];
  const paths = new Set<string>();
  for (const path of config.kind === 'file' ? config.paths : []) {
    const patterns = new FilePatterns({ paths: [path], exclude: config.kind === 'file' ? config.exclude : [] });
    const found = await patterns.expand();
    for (const match of found) paths.add(match);
    if (found.size > 0) continue;
    const [base] = patterns.bases;
    const reason = base === undefined ? undefined : closedReason(base);
    if (reason === undefined) unmatched.push({ path, reason: await whyUnmatched(base) });
    else unreadable.push({ path, reason });
  }
  let files = 0;
  let bytes = 0;
  for (const path of paths) {
    try {
      const stats = await stat(path);
      if (!stats.isFile()) continue;
      accessSync(path, constants.R_OK);
      files += 1;
      bytes += stats.size;
    } catch (error) {
      unreadable.push({ path, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  const type = 'type' in config ? config.type : channelType;
  const found = { input: index + 1, kind: config.kind, type, files, bytes, unreadable, unmatched };
  if (stored === undefined) return found;
  return { ...found, explained: await explainInput(config, { config: all, streams: stored.streams }) };
}

/** Why a folder that is there cannot be looked into. */
function closedReason(folder: string): string | undefined {
  try {
    accessSync(folder, constants.R_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    return error instanceof Error ? error.message : String(error);
  }
}

async function whyUnmatched(base: string | undefined): Promise<string> {
  if (base === undefined) return 'it is excluded';
  const isThere = await stat(base).then(
    () => true,
    () => false,
  );
  const now = isThere ? 'nothing matches now' : `the folder ${base} is not there`;
  return `${now}; files that appear later are read`;
}

/** Behind a proxy the names are the proxy's to look up. */
async function lookUpHub(hub: string, config: AgentConfig): Promise<HubFinding> {
  const name = new URL(config.proxy ?? hub).hostname.replaceAll(/^\[|\]$/g, '');
  try {
    const found = await lookup(name, { all: true });
    return { hub, addresses: found.map(({ address }) => address), trouble: '' };
  } catch (error) {
    return { hub, addresses: [], trouble: error instanceof Error ? error.message : String(error) };
  }
}

/** Says first what is good and what is not: the file may be without fault and name what cannot be used. */
function headline(
  file: string,
  {
    inputs,
    hubs,
    tls,
  }: { readonly inputs: readonly InputFinding[]; readonly hubs: readonly HubFinding[]; readonly tls: TlsFinding },
): string {
  const troubles: string[] = [];
  const unreadable = inputs.reduce((sum, input) => sum + input.unreadable.length, 0);
  if (unreadable === 1) troubles.push('1 path cannot be read');
  else if (unreadable > 1) troubles.push(`${unreadable} paths cannot be read`);
  if (hubs.every(({ trouble }) => trouble !== '')) troubles.push('no hub has a known address');
  if (tls.troubles.length > 0) troubles.push('the certificate cannot be used');
  if (troubles.length === 0) return `${file}: the configuration is good`;
  return `${file}: the file has no mistakes, but ${troubles.join(' and ')}, see below`;
}

function inputLines({ input, kind, type, files, bytes, unreadable, unmatched, explained }: InputFinding): string[] {
  const count = kind === 'file' ? `: ${files} ${files === 1 ? 'file' : 'files'}, ${bytes} bytes` : '';
  return [
    `input ${input} (${kind}, type ${type})${count}`,
    ...unreadable.map(({ path, reason }) => `  cannot read ${path}: ${reason}`),
    ...unmatched.map(({ path, reason }) => `  ${path}: ${reason}`),
    ...(explained === undefined ? [] : explainedLines(explained)),
  ];
}

function explainedLines({ records, notes, files, leftOut }: ExplainedInput): string[] {
  return [
    `  records: ${records}`,
    ...notes.map((note) => `  ${note}`),
    ...files.map(({ path, bytes, tenant, type, labels, position }) => {
      const read = position === undefined ? `new, ${bytes} bytes` : `read to position ${position}, ${bytes} bytes now`;
      return `  reads ${path}: ${read}; ${tenant}/${type}, labels ${JSON.stringify(labels)}`;
    }),
    ...leftOut.map(({ path, reason }) => `  leaves out ${path}: ${reason}`),
  ];
}

function hubLines(hubs: readonly HubFinding[]): string[] {
  return hubs.map(({ hub, addresses, trouble }) => `hub ${hub}: ${trouble === '' ? addresses.join(', ') : trouble}`);
}
