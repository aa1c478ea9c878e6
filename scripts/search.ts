// `npm run search -- [--data DIR] PATTERN …`: `tributary-hub archive search` on what `npm start` keeps.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { inRepository, resolveTyped, startingFolder } from './repository.ts';
import { placeFiles } from './start/place.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const { dataDir, rest } = takeDataDir(args);
  const { hubConfig } = placeFiles(dataDir);
  const flags = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest;
  const isHelp = flags.includes('--help') || flags.includes('-h');
  if (!existsSync(hubConfig) && !isHelp) {
    process.stderr.write(`npm run search: nothing was started on ${dataDir} yet: type npm start first.\n`);
    return 2;
  }
  const config = existsSync(hubConfig) ? ['--config', hubConfig] : [];
  // The terminal's Ctrl-C reaches the search by itself; it must not end us first.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
  const program = [inRepository('hub', 'main.ts'), 'archive', 'search', ...config, ...rest];
  const child = spawn(process.execPath, program, { cwd: startingFolder, stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  return typeof code === 'number' ? code : 1;
}

function takeDataDir(args: readonly string[]): { dataDir: string; rest: string[] } {
  const rest: string[] = [];
  let dataDir = inRepository('.local', 'start');
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    // What comes after it is no option, even when it looks like one.
    if (arg === '--') return { dataDir, rest: [...rest, ...args.slice(index)] };
    const joined = /^--data=(.*)$/s.exec(arg)?.[1];
    const value = joined ?? (arg === '--data' ? args[(index += 1)] : undefined);
    if (value === undefined) rest.push(arg);
    else dataDir = resolveTyped(value);
  }
  return { dataDir, rest };
}
