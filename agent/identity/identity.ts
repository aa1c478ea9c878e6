/**
 * Who this agent is, in `identity.json`: `{"version":1,"agentId":"32 hex","startCounter":1732190000000}`. It is replaced by
 * writing a temporary file, syncing it, renaming it and syncing the folder, so a crash leaves the old one or the new one.
 *
 * A fresh id is derived from the machine and the real path of the folder, so that even a lost folder finds its streams again at the
 * site. The start counter rises with every start, also after a loss, because it never falls behind the clock: a site can tell
 * which of two connections is the later one.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Id } from '@tributary/protocol/messages.ts';
import { isDiskFull } from '@tributary/shared/sqlite/open-database.ts';
import { writeDurably } from '@tributary/shared/durable-file.ts';
import { idOf, instanceOf, type MachineIds, readMachineIds } from '@tributary/shared/linux-machine-ids.ts';

export interface Identity {
  readonly agentId: Id;
  readonly startCounter: number;
  /** Bound to the machine: a copy of the folder elsewhere is another instance of the same agent. */
  readonly instanceId: Id;
  readonly bootId: Id;
}

export interface IdentityOptions {
  readonly folder: string;
  readonly nowMs: number;
  readonly machine?: MachineIds;
  /** Whom its own certificate names: an agent that is new in this folder is that one. */
  readonly certified?: Id | undefined;
  /** Frees room on a full disk; called before a second try. */
  readonly makeRoom?: () => void;
}

export class IdentityError extends Error {
  override readonly name = 'IdentityError';
  readonly code = 'IDENTITY';
}

const version = 1;

/** Undefined where no agent was started yet. */
export function storedAgentId(folder: string): Id | undefined {
  return readStored(identityFile(folder))?.agentId;
}

/** Reads the identity of `folder`, or makes one, and counts this start: durable when it returns. */
export function takeIdentity(options: IdentityOptions): Identity {
  const { folder, nowMs, machine = readMachineIds(), certified, makeRoom } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stored = readStored(identityFile(folder));
  const agentId = stored?.agentId ?? certified ?? freshAgentId(machine.machineId, realpathSync(folder));
  const startCounter = Math.max((stored?.startCounter ?? 0) + 1, nowMs);
  try {
    writeStored(folder, { agentId, startCounter });
  } catch (error) {
    if (!isDiskFull(error) || makeRoom === undefined) throw error;
    makeRoom();
    writeStored(folder, { agentId, startCounter });
  }
  return identityOf({ agentId, startCounter }, machine);
}

/** Who the agent is that was started last in `folder`, or that will be: the id stays from now on. No start is counted. */
export function settleIdentity({ folder, machine = readMachineIds() }: Pick<IdentityOptions, 'folder' | 'machine'>): Identity {
  const stored = readStored(identityFile(folder));
  if (stored !== undefined) return identityOf(stored, machine);
  const fresh = { agentId: freshAgentId(machine.machineId, realpathSync(folder)), startCounter: 0 };
  writeStored(folder, fresh);
  return identityOf(fresh, machine);
}

/** From now on the agent of this folder is another one. Starts are counted on: a site never sees the counter of a machine fall. */
export function replaceIdentity(folder: string, agentId: Id): void {
  writeStored(folder, { agentId, startCounter: readStored(identityFile(folder))?.startCounter ?? 0 });
}

function identityOf({ agentId, startCounter }: Stored, machine: MachineIds): Identity {
  return { agentId, startCounter, ...instanceOf(machine, { id: agentId, start: startCounter }) };
}

function identityFile(folder: string): string {
  return join(folder, 'identity.json');
}

function freshAgentId(machineId: string | undefined, path: string): Id {
  return machineId === undefined ? randomBytes(16).toString('hex') : idOf('agent', machineId, path);
}

interface Stored {
  readonly agentId: Id;
  readonly startCounter: number;
}

function readStored(file: string): Stored | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const stored = parseStored(text);
  if (stored === undefined) {
    throw new IdentityError(`${file} is not an identity file; restore it, or remove it to let the agent derive its id again`);
  }
  return stored;
}

function parseStored(text: string): Stored | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (!('version' in value && 'agentId' in value && 'startCounter' in value)) return undefined;
  const { agentId, startCounter } = value;
  if (value.version !== version || typeof agentId !== 'string' || !/^[0-9a-f]{32}$/.test(agentId)) return undefined;
  return typeof startCounter === 'number' && Number.isSafeInteger(startCounter) ? { agentId, startCounter } : undefined;
}

function writeStored(folder: string, stored: Stored): void {
  const text = `${JSON.stringify({ version, ...stored })}\n`;
  writeDurably(identityFile(folder), text, { mode: 0o600 });
}
