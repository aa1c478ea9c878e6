import { existsSync } from 'node:fs';
import { bufferFile } from '../buffer/open-store.ts';
import { loadConfig } from '../config/load-config.ts';
import type { CommandHost } from './exit.ts';

export interface BufferPlace {
  readonly configFile: string;
  /** Another folder than the configuration's. */
  readonly dataDir?: string | undefined;
}

/** The agent's folder, as its configuration says. */
export async function bufferFolder(place: BufferPlace, host: CommandHost): Promise<string> {
  if (place.dataDir !== undefined) return place.dataDir;
  return (await loadConfig({ file: place.configFile, env: host.env })).data_dir;
}

/** The buffer in that folder; undefined, and told, when there is none. */
export async function existingBuffer(place: BufferPlace, host: CommandHost): Promise<string | undefined> {
  const file = bufferFile(await bufferFolder(place, host));
  if (existsSync(file)) return file;
  host.err(`${file}: there is no buffer\n`);
  return undefined;
}
