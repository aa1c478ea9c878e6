/** The hub, the agent and the log writer, started from the sources with this Node. */
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { inRepository } from '../repository.ts';
import { Child } from './child.ts';
import { UsageError } from './options.ts';
import type { Place } from './place.ts';

const readyWaitMs = 60_000;
const askEveryMs = 50;
const askTimeoutMs = 5_000;

export function startHub(place: Place): Child {
  return new Child({ name: 'hub', args: [program('hub'), 'run', '--config', place.hubConfig], log: place.hubLog });
}

export function startAgent(place: Place): Child {
  return new Child({ name: 'agent', args: [program('agent'), 'run', '--config', place.agentConfig], log: place.agentLog });
}

/** The agent as a one-shot command; its lines of figures are kept as output. */
export function startShip(place: Place, files: readonly string[]): Child {
  const args = [program('agent'), 'ship', '--config', place.agentConfig, '--until', 'archived', '--json', '--', ...files];
  return new Child({ name: 'agent', args, log: place.agentLog, wantOutput: true });
}

export function startLogWriter(place: Place, { file, rate }: { readonly file: string; readonly rate: number }): Child {
  const args = [inRepository('scripts', 'log-writer.ts'), '--file', file, '--rate', String(rate)];
  const log = join(place.dataDir, 'log-writer.log');
  return new Child({ name: 'log writer', args, log, wantOutput: true, ipc: true });
}

export function socketOf(place: Place, product: 'hub' | 'agent'): string {
  return join(place.runDir, `${product}.sock`);
}

/** Waits until a product says that it is ready. One that ends before is an error with the end of its log. */
export async function waitUntilReady(child: Child, isReady: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  const giveUpMs = performance.now() + readyWaitMs;
  while (!(await isReady())) {
    signal.throwIfAborted();
    if (!child.running) throw childFailed(child);
    if (performance.now() > giveUpMs) throw new UsageError(`the ${child.name} does not get ready; its log: ${child.log}`, 1);
    await sleep(askEveryMs);
  }
}

export function childFailed(child: Child): UsageError {
  return new UsageError(`the ${child.name} ended by itself. The end of ${child.log}:\n${child.logTail()}`, 1);
}

/** `GET /status` on a product's socket; undefined while nobody answers there. */
export async function askStatus(socketPath: string): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const call = request({ socketPath, path: '/status', timeout: askTimeoutMs, agent: false }, (response) => {
    text(response).then(resolve, () => resolve(undefined));
  });
  call.on('timeout', () => call.destroy());
  call.on('error', () => resolve(undefined));
  call.end();
  return parseJson((await promise) ?? '');
}

export function parseJson(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}

function program(product: 'hub' | 'agent'): string {
  const path = inRepository(product, 'main.ts');
  if (!existsSync(path)) throw new UsageError(`${product}/main.ts does not exist in this version of the repository.`, 1);
  return path;
}
