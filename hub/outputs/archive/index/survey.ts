/** What an archive's store holds, channel by channel: files and manifests, as they are there and not as an index has them. */
import type { ChannelName } from '@tributary/protocol/messages.ts';
import { type FoundManifest, parseManifest } from '../manifest.ts';
import { isObjectName, manifestName, originalName } from '../object-name.ts';
import type { ArchiveStore, StoredFile } from '../store/archive-store.ts';
import { mapAhead } from '../store/map-ahead.ts';

export interface SurveyedManifest {
  /** Of the file. */
  readonly name: string;
  /** Undefined: it cannot be read. */
  readonly manifest: FoundManifest | undefined;
}

export interface SurveyedChannel {
  readonly channel: ChannelName;
  readonly objects: ReadonlyMap<string, StoredFile>;
  /** Of objects under their own names. */
  readonly manifests: readonly SurveyedManifest[];
  /** Objects whose names another one needed, and which stay beside it. */
  readonly kept: readonly string[];
}

export interface ChannelChoice {
  readonly tenant?: string | undefined;
  readonly type?: string | undefined;
}

const namePattern = /^[a-z0-9_]{1,50}$/;
/** `tenant/type/YYYY/MM/DD/HH/file`. */
const depth = 7;

/** In the order of their names. */
export async function* surveyedChannels(
  store: Pick<ArchiveStore, 'names' | 'list' | 'read'>,
  choice: ChannelChoice,
): AsyncGenerator<SurveyedChannel, void, undefined> {
  for (const tenant of await foldersIn(store, '', choice.tenant)) {
    for (const type of await foldersIn(store, tenant, choice.type)) yield await survey(store, `${tenant}/${type}`);
  }
}

async function foldersIn(store: Pick<ArchiveStore, 'names'>, folder: string, only: string | undefined): Promise<string[]> {
  const { folders } = await store.names(folder);
  return folders.filter((name) => namePattern.test(name) && (only === undefined || only === name)).toSorted();
}

async function survey(store: Pick<ArchiveStore, 'list' | 'read'>, channel: ChannelName): Promise<SurveyedChannel> {
  const objects = new Map<string, StoredFile>();
  const kept: string[] = [];
  const names: string[] = [];
  for await (const file of store.list(channel)) {
    const { name } = file;
    if (name.split('/').length !== depth) continue;
    if (originalName(name) !== name) {
      if (isObjectName(name)) kept.push(name);
    } else if (isObjectName(name)) objects.set(name, file);
    else if (name.endsWith('.json')) names.push(name);
  }
  const manifests: SurveyedManifest[] = [];
  const read = async (name: string): Promise<SurveyedManifest> => {
    const found = parseManifest(String((await store.read(name)) ?? ''));
    const isOwn = found !== undefined && manifestName(found.object.name) === name && found.object.channel === channel;
    return { name, manifest: isOwn ? found : undefined };
  };
  for await (const manifest of mapAhead(names.toSorted(), read)) manifests.push(manifest);
  return { channel, objects, manifests, kept };
}
