import { lstatSync } from 'node:fs';
import { parseConfig, readConfig } from '@tributary/shared/options/config-file.ts';
import { hubOptions, type HubOptions } from '../options.ts';
import type { CommandHost } from './exit.ts';

export interface ConfigRequest {
  readonly configFile: string;
  /** Named by the person, so it has to be there. Where it would be by default, there may be none. */
  readonly configGiven: boolean;
}

export interface LoadedConfig {
  readonly options: HubOptions;
  /** A sentence for people when there is no file and the defaults hold. */
  readonly notice: string | undefined;
}

/** Throws a ConfigError that names every problem with its place. */
export function readHubConfig(request: ConfigRequest, host: Pick<CommandHost, 'env'>): LoadedConfig {
  const { configFile: file, configGiven } = request;
  const source = { file, schema: hubOptions, env: host.env };
  if (configGiven || isThere(file)) return { options: readConfig(source), notice: undefined };
  return { options: parseConfig({ ...source, text: '{}' }), notice: `there is no ${file}: the defaults are used` };
}

/** As `readHubConfig`, and tells on standard error when the defaults are used. */
export function loadConfig(request: ConfigRequest, host: Pick<CommandHost, 'env' | 'err'>): HubOptions {
  const { options, notice } = readHubConfig(request, host);
  if (notice !== undefined) host.err(`${notice}\n`);
  return options;
}

/** A link that leads nowhere is there: somebody meant a file. So is what may not be looked at; reading it tells why. */
function isThere(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}
