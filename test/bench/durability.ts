import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { AgentHost } from '../harness/agent-host.ts';
import type { HubHost } from '../harness/hub-host.ts';
import { isObject } from '../harness/json.ts';

/**
 * What the two products' databases were set to, as lines to print beside the figures. `synchronous` belongs to a connection and can
 * only be told by the process that writes (its status); the rest is read from the files.
 */
export async function durabilityOf(parts: { agent: AgentHost; hub: HubHost; rawBytes: number }): Promise<readonly string[]> {
  const { agent, hub, rawBytes } = parts;
  const lines = [...databaseFiles(agent.dataDir), ...databaseFiles(hub.dataDir)].map(describe);
  const told = durabilityWithin(await hub.status());
  if (told !== undefined) lines.push(`hub's own word: ${JSON.stringify(told)}`);
  const bodies = bodyBytes(join(hub.dataDir, 'hub.db'));
  if (bodies > 0) lines.push(`compression: ${(rawBytes / bodies).toFixed(2)} : 1 on the wire and in the hub's front topic`);
  return lines;
}

/** Settings that either product shows in its status under a key named `durability`, wherever it stands. */
export function durabilityWithin(status: unknown): unknown {
  if (!isObject(status)) return undefined;
  if ('durability' in status) return status['durability'];
  for (const value of Object.values(status)) {
    const found = durabilityWithin(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

function databaseFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.db'))
    .map((name) => join(folder, name));
}

function describe(file: string): string {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const pragma = (name: string): unknown => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    return `${file.split('/').slice(-2).join('/')}: journal_mode ${String(pragma('journal_mode'))}, page_size ${String(pragma('page_size'))}`;
  } finally {
    db.close();
  }
}

function bodyBytes(file: string): number {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const row = db.prepare("SELECT sum(received_bytes) AS bytes FROM topic WHERE name LIKE 'front/%'").get();
    return Number(row?.['bytes'] ?? 0);
  } finally {
    db.close();
  }
}
