/** What all documents of a stream have in common, as JSON: made once for each stream of a block. */
import type { BlockStream } from '../../../processing/block.ts';
import { ecsVersion } from '../../../processing/ecs/ecs-table.ts';
import { decoderOf, isUtf8Name } from '../../../processing/engine/decoder.ts';
import { dataStreamParts } from '../index-names.ts';

/** Members of an object: a name in quotation marks and its value. */
export type Members = readonly (readonly [name: string, json: string])[];

export interface StreamTexts {
  /** The objects that a document gets unless it has what is in them. */
  readonly objects: ReadonlyMap<string, Members>;
  /** All of them one after the other, each followed by a comma. */
  readonly plain: string;
  /** Members of `tributary`, without the last ones. */
  readonly origin: Members;
  /** The name of the encoding where it is not UTF-8. */
  readonly encoding: string;
  readonly decode: (bytes: Uint8Array) => string;
}

export function streamTexts({ key, attributes, path }: BlockStream): StreamTexts {
  const { host, labels, counted, encoding } = attributes;
  const objects = new Map<string, Members>();
  const put = (name: string, members: Members): void => {
    if (members.length > 0) objects.set(name, members);
  };
  put('host', host === '' ? [] : [['name', JSON.stringify(host)]]);
  put('agent', [['id', JSON.stringify(key.agentId)]]);
  put('log', counted || path === '' ? [] : [['file', JSON.stringify({ path })]]);
  put(
    'labels',
    Object.entries(labels).map(([name, value]) => [name, JSON.stringify(value)]),
  );
  put('ecs', [['version', JSON.stringify(ecsVersion)]]);
  const origin: Members = [
    ['site', JSON.stringify(key.siteId)],
    ['stream', JSON.stringify(key.streamId)],
    ...(counted && path !== '' ? [['source', JSON.stringify(path)] as const] : []),
  ];
  const name = encoding.toLowerCase();
  return {
    objects,
    plain: [...objects].map(([object, members]) => `"${object}":{${membersText(members)}},`).join(''),
    origin,
    encoding: isUtf8Name(name) || name === 'utf8' || name === 'us-ascii' ? '' : name,
    decode: decoderOf(name),
  };
}

export function membersText(members: Members): string {
  return members.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',');
}

/** Of a document that goes into a data stream; none of an index whose name has no such parts. */
export function dataStreamMembers(name: string): Members {
  return Object.entries(dataStreamParts(name) ?? {}).map(([part, value]) => [part, JSON.stringify(value)]);
}
