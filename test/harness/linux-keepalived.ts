/**
 * The real keepalived on a machine of its own (linux-namespaces.ts), with the configuration that the product comes with: only what its
 * comments mark is changed, and what a test cannot have (the hub's own user, the installed path).
 */
import { cpSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Machine } from './linux-namespaces.ts';
import { Program } from './program.ts';
import { repositoryRoot } from './programs.ts';
import type { Scratch } from './scratch.ts';

export interface KeepalivedOptions {
  readonly scratch: Scratch;
  readonly name: string;
  readonly machine: Machine;
  readonly others: readonly Machine[];
  readonly virtualAddress: string;
  readonly priority: number;
  /** Of the hub whose state decides. */
  readonly runDir: string;
}

const shipped = join(repositoryRoot, 'packaging/linux/keepalived');

export async function startKeepalived(options: KeepalivedOptions): Promise<Program> {
  const { scratch, name, machine } = options;
  const folder = await scratch.folder(`${name}-keepalived`);
  const script = join(folder, 'tributary-ready');
  cpSync(join(shipped, 'tributary-ready'), script);
  const file = join(folder, 'keepalived.conf');
  await writeFile(file, configOf(options, script));
  const pids = ['-p', join(folder, 'pid'), '-r', join(folder, 'vrrp.pid')];
  const args = ['--dont-fork', '--log-console', '--log-detail', '--vrrp', '-f', file, ...pids];
  const [first = 'ip', ...rest] = machine.wrap;
  return new Program({ name: `keepalived of ${name}`, command: [first, ...rest, 'keepalived'], args });
}

function configOf(options: KeepalivedOptions, script: string): string {
  const { name, machine, others, virtualAddress, priority, runDir } = options;
  const changes: readonly (readonly [RegExp, string])[] = [
    [/router_id hub1/, `router_id ${name}`],
    [/script_user tributary/, 'script_user root'],
    [/script "[^"]*"/, `script "${script} ${runDir}"`],
    [/priority 150/, `priority ${priority}`],
    [/unicast_src_ip \S+/, `unicast_src_ip ${machine.address}`],
    [/192\.0\.2\.12\b.*/, others.map(({ address }) => address).join('\n')],
    [/192\.0\.2\.10\/24/, `${virtualAddress}/24`],
  ];
  let text = readFileSync(join(shipped, 'tributary.conf.example'), 'utf8');
  for (const [what, by] of changes) {
    if (!what.test(text)) throw new Error(`the example has no ${String(what)} any more`);
    text = text.replace(what, by);
  }
  return text;
}
