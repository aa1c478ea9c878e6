/**
 * What to look at where a ledger does not come out: asked while both products still run, as little of it can be told afterwards.
 */
import { basename } from 'node:path';
import type { AgentHost } from '../agent-host.ts';
import type { HubHost } from '../hub-host.ts';
import { isObject } from '../json.ts';
import type { Program } from '../program.ts';
import type { WrittenFile } from './rotating-file.ts';
import { tailsOf } from './settled.ts';

const linesMax = 40;

/** Which files the agent has not read to their end, what waits in its buffer, and what both complained of. */
export async function evidenceOf(
  { agent, hub }: { agent: AgentHost; hub: HubHost },
  written: readonly WrittenFile[],
): Promise<string> {
  const status = await agent.status().catch((error: unknown) => String(error));
  const parts = [
    `the agent's buffer: ${JSON.stringify(isObject(status) ? status['buffer'] : status)}`,
    ...unreadOf(status, written),
    ...complaintsOf(agent.program),
    ...complaintsOf(hub.program),
    tailsOf(agent, hub),
  ];
  return parts.join('\n');
}

/** Files of whose content no source tells that it was read to the end, and the sources that are not at the end of their file. */
function unreadOf(status: unknown, written: readonly WrittenFile[]): readonly string[] {
  if (!isObject(status) || !Array.isArray(status['sources'])) return [];
  const sources: readonly unknown[] = status['sources'];
  const positions = new Set(sources.map((source) => (isObject(source) ? source['position'] : undefined)));
  const missed = written.filter(({ bytes }) => bytes > 0 && !positions.has(bytes));
  const behind = sources.filter((source) => isObject(source) && source['position'] !== source['size']);
  return [
    ...missed.slice(0, linesMax).map(({ path, bytes }) => `no source of the agent is at ${bytes}, the end of ${basename(path)}`),
    ...behind.slice(0, linesMax).map((source) => `behind: ${JSON.stringify(source)}`),
  ];
}

/** What was logged above info, and of files that were replaced, cut or lost. */
function complaintsOf(program: Program): readonly string[] {
  const told = program.stderr.split('\n').filter((line) => {
    return !line.includes('"log.level":"info"') || /"event":"(file-(replaced|truncated)|data-lost)"/.test(line);
  });
  return [`--- ${program.name}: ${told.length} complaints`, ...told.slice(0, linesMax)];
}
