/** The page of the hub that `npm start` runs: built before the hub starts, and somebody who may sign in there. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { inRepository, repositoryRoot } from '../repository.ts';
import type { Place } from './place.ts';
import { parseJson } from './products.ts';
import { say } from './say.ts';

const run = promisify(execFile);
const name = 'admin';
const deadlineMs = 60_000;

/** Half a second, and nothing when it is up to date. Lines are shipped without a page, too. */
export async function buildPage(signal: AbortSignal): Promise<void> {
  try {
    await run(process.execPath, [inRepository('packaging/build/page.ts')], { cwd: repositoryRoot, signal, timeout: deadlineMs });
  } catch (error) {
    signal.throwIfAborted();
    say(`the page could not be built: ${firstLine(error)}`);
  }
}

/**
 * Says where the page is and how one signs in. Until the password that is good for one time was changed, each start makes another one, so that
 * it can be lost and is kept nowhere.
 */
export async function tellPage(place: Place, signal: AbortSignal): Promise<void> {
  const where = `page      http://127.0.0.1:${place.pagePort}/`;
  try {
    const known = entries(await hubCommand(place, ['user', 'list'], signal), 'users').find(
      (user) => textOf(user, 'name') === name,
    );
    if (known !== undefined && valueOf(known, 'mustChange') !== true) {
      say(`${where}  sign in as ${name}`);
      return;
    }
    const verb = known === undefined ? ['user', 'add', name, '--role', 'admin'] : ['user', 'password', name];
    const made = await hubCommand(place, verb, signal);
    say(`${where}  sign in as ${name} with ${textOf(made, 'password')}`);
  } catch (error) {
    // Lines flow already: stopping goes its usual way.
    if (signal.aborted) return;
    say(`${where}  nobody can sign in yet: ${firstLine(error)}`);
  }
}

async function hubCommand(place: Place, args: readonly string[], signal: AbortSignal): Promise<unknown> {
  const all = [inRepository('hub/main.ts'), ...args, '--config', place.hubConfig, '--json'];
  const { stdout } = await run(process.execPath, all, { cwd: repositoryRoot, signal, timeout: deadlineMs });
  return parseJson(stdout);
}

function valueOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, key)?.value : undefined;
}

function textOf(value: unknown, key: string): string {
  const found = valueOf(value, key);
  return typeof found === 'string' ? found : '';
}

function entries(value: unknown, key: string): readonly unknown[] {
  const found = valueOf(value, key);
  return Array.isArray(found) ? found : [];
}

function firstLine(error: unknown): string {
  const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  const text = stderr === '' && error instanceof Error ? error.message : stderr;
  return text.split('\n')[0] ?? text;
}
