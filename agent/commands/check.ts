/** `check`: is the configuration good, and what would each input read now? Changes nothing. */
import { accessSync, constants } from 'node:fs';
import { stat } from 'node:fs/promises';
import { lookup } from 'node:dns/promises';
import { loadConfig } from '../config/load-config.ts';
import { FilePatterns } from '../inputs/file/file-patterns.ts';
import type { AgentConfig, InputConfig } from '../options.ts';
import { type CommandHost, type ExitCode, exitCode } from './exit.ts';

export interface CheckOptions {
  readonly configFile: string;
  readonly json: boolean;
}

interface InputFinding {
  readonly input: number;
  readonly kind: string;
  readonly type: string;
  readonly files: number;
  readonly bytes: number;
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
}

interface HubFinding {
  readonly hub: string;
  readonly addresses: readonly string[];
  readonly trouble: string;
}

export async function checkCommand(options: CheckOptions, host: CommandHost): Promise<ExitCode> {
  const config = await loadConfig({ file: options.configFile, env: host.env });
  const inputs = await Promise.all(config.inputs.map(lookAtInput));
  const hubs = await Promise.all(config.hubs.map(async (hub) => await lookUpHub(hub, config)));
  const isGood = inputs.every(({ unreadable }) => unreadable.length === 0) && hubs.some(({ trouble }) => trouble === '');
  if (options.json) host.out(`${JSON.stringify({ file: options.configFile, ok: isGood, inputs, hubs })}\n`);
  else host.out(findingsText(options.configFile, inputs, hubs));
  return isGood ? exitCode.done : exitCode.failed;
}

async function lookAtInput(config: InputConfig, index: number): Promise<InputFinding> {
  const unreadable: { path: string; reason: string }[] = [];
  let files = 0;
  let bytes = 0;
  for (const path of await new FilePatterns(config).expand()) {
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
  return { input: index + 1, kind: config.kind, type: config.type, files, bytes, unreadable };
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

function findingsText(file: string, inputs: readonly InputFinding[], hubs: readonly HubFinding[]): string {
  const lines = [`${file}: the configuration is good`];
  for (const { input, kind, type, files, bytes, unreadable } of inputs) {
    lines.push(`input ${input} (${kind}, type ${type}): ${files} files, ${bytes} bytes`);
    for (const { path, reason } of unreadable) lines.push(`  cannot read ${path}: ${reason}`);
    if (files === 0 && unreadable.length === 0) lines.push('  nothing matches now; files that appear later are read');
  }
  if (inputs.length === 0) lines.push('no inputs: nothing is read');
  for (const { hub, addresses, trouble } of hubs) {
    lines.push(trouble === '' ? `hub ${hub}: ${addresses.join(', ')}` : `hub ${hub}: ${trouble}`);
  }
  return `${lines.join('\n')}\n`;
}
