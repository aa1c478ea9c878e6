/**
 * The registry for a command: of a hub that runs or does not. Whoever may not write there is told as whom to run the command, before
 * anything is made that the hub could not open any more.
 */
import { statSync, type Stats } from 'node:fs';
import { createLogger } from '@tributary/shared/log.ts';
import type { HubOptions } from '../options.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { sharedOptions } from '../registry/redis/shared-options.ts';
import type { Registry } from '../registry/registry.ts';
import { consoleActor } from './console-actor.ts';
import { type CommandHost, type ExitCode, UsageError } from './exit.ts';
import { type ConfigRequest, loadConfig } from './load-config.ts';

export interface RegistryRequest extends ConfigRequest {
  readonly json: boolean;
}

export interface CommandRegistry {
  readonly options: HubOptions;
  readonly registry: Registry;
  readonly host: CommandHost;
  /** Who types, as the audit trail has it; and from nowhere else than the console. */
  readonly by: { readonly actor: string; readonly address: '' };
  readonly nowMs: number;
}

export async function withRegistry(
  request: ConfigRequest,
  host: CommandHost,
  work: (parts: CommandRegistry) => Promise<ExitCode>,
): Promise<ExitCode> {
  const options = loadConfig(request, host);
  checkFolder(options.data_dir);
  const log = createLogger({ level: 'warn', sink: ({ message }) => host.err(`tributary-hub: ${message}\n`) });
  const shared = sharedOptions(options);
  await using registry = await openRegistry({ folder: options.data_dir, log, thread: false, create: false, shared });
  const by = { actor: consoleActor(host.env), address: '' } as const;
  return await work({ options, registry, host, by, nowMs: Date.now() });
}

/** Throws a UsageError. */
export function checkFolder(dataDir: string): void {
  const found = lookAt(dataDir);
  if (found === undefined || !found.isDirectory()) {
    const what = found === undefined ? 'there is no such folder' : 'it is no folder';
    throw new UsageError(
      `data_dir ${dataDir}: ${what}; run tributary-hub init first, or name the configuration of this hub by --config`,
    );
  }
  const user = process.geteuid?.();
  if (user === undefined || user === 0 || user === found.uid) return;
  throw new UsageError(
    `data_dir ${dataDir} belongs to another user (${found.uid}): run this as root, or as that user: sudo -u '#${found.uid}' tributary-hub …`,
  );
}

function lookAt(dataDir: string): Stats | undefined {
  try {
    return statSync(dataDir, { throwIfNoEntry: false });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`data_dir ${dataDir} cannot be looked at (${reason}): run this as root, or as the hub's user`, {
      cause,
    });
  }
}
