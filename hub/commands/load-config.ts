import { readConfig } from '@tributary/shared/options/config-file.ts';
import { hubOptions, type HubOptions } from '../options.ts';
import type { CommandHost } from './exit.ts';

/** Throws a ConfigError that names every problem with its place. */
export function loadConfig(file: string, host: Pick<CommandHost, 'env'>): HubOptions {
  return readConfig({ file, schema: hubOptions, env: host.env });
}
