/**
 * What a server can do, found out by asking it: builds differ by version, licence and by what was left out of them. Field types and settings are
 * asked by simulating a template that has them, which changes nothing.
 */
import { zstdCompressSync } from 'node:zlib';
import type { SingleFieldType } from '../../../processing/conditions/field-types.ts';
import { checkAllowed, member, reasonOf, SetupError, type SetupAnswer, type SetupServer } from './setup-server.ts';

export interface ServerAbilities {
  /** As the server writes it; empty where it does not tell (serverless). */
  readonly version: string;
  /** 8 or more. */
  readonly major: number;
  readonly isServerless: boolean;
  /** Field types that not every build has, of which this one has none. */
  readonly missingTypes: ReadonlySet<SingleFieldType>;
  /** `GET` and `DELETE _data_stream`. Data streams themselves are in every build. */
  readonly dataStreamCalls: boolean;
  /** Who can roll over and delete data streams by itself: the newer way where there are both. */
  readonly lifecycle: 'data_stream' | 'policies' | undefined;
  /** `data_stream_options` of templates: documents that cannot be indexed are kept beside the stream. */
  readonly failureStore: boolean;
  /** Fields beyond the limit stay in the document and are not indexed, in place of a refusal. */
  readonly ignoresFieldsBeyondLimit: boolean;
  /** `labels` may have `app` and `app.kubernetes.io/name` at once. */
  readonly subobjects: boolean;
  /** One dynamic template may name many paths. */
  readonly pathLists: boolean;
  /** Templates may name component templates that are not there. */
  readonly optionalComponents: boolean;
  /** Bulk requests may ask that nothing but a data stream is made for them. */
  readonly requireDataStream: boolean;
  /** Takes request bodies that are zstd. */
  readonly zstd: boolean;
}

/** Those that are modules of their own in Elasticsearch. The others are in its core. */
const optionalTypes = [
  'scaled_float',
  'wildcard',
  'constant_keyword',
  'match_only_text',
  'version',
  'unsigned_long',
  'flattened',
] as const satisfies readonly SingleFieldType[];

const oldestMajor = 8;
/** A data stream is no index pattern that anybody has; no document ever comes there. */
const probePattern = 'tributary-probe-*';

const known = new WeakMap<SetupServer, Promise<ServerAbilities>>();

/** Asked once for each connection; again when asking failed. */
export function abilitiesOf(server: SetupServer): Promise<ServerAbilities> {
  const before = known.get(server);
  if (before !== undefined) return before;
  const asked = askAbilities(server);
  known.set(server, asked);
  asked.catch(() => known.delete(server));
  return asked;
}

async function askAbilities(server: SetupServer): Promise<ServerAbilities> {
  const { version, major, isServerless } = await askVersion(server);
  const missingTypes = new Set<SingleFieldType>();
  for (const type of optionalTypes) {
    const field = type === 'scaled_float' ? { type, scaling_factor: 1000 } : { type };
    if (!(await takesMapping(server, { properties: { probe: field } }))) missingTypes.add(type);
  }
  const dataStreamCalls = await has(server, '/_data_stream/tributary-probe-*');
  return {
    version,
    major,
    isServerless,
    missingTypes,
    dataStreamCalls,
    lifecycle: await askLifecycle(server),
    // The template is understood by the core of the server, the store is made by the module that has the calls.
    failureStore:
      dataStreamCalls &&
      (await takes(server, { data_stream: {}, template: { data_stream_options: { failure_store: { enabled: true } } } })),
    ignoresFieldsBeyondLimit: await takes(server, {
      template: { settings: { 'index.mapping.total_fields.ignore_dynamic_beyond_limit': true } },
    }),
    subobjects: await takesMapping(server, { properties: { probe: { type: 'object', subobjects: false } } }),
    pathLists: await takesMapping(server, {
      dynamic_templates: [
        { probe: { path_match: ['a.b', 'c.d'], match_mapping_type: ['long', 'double'], mapping: { type: 'long' } } },
      ],
    }),
    optionalComponents: await takes(server, {
      composed_of: ['tributary-probe-custom'],
      ignore_missing_component_templates: ['tributary-probe-custom'],
    }),
    requireDataStream: isServerless || isAtLeast(version, 8, 13),
    zstd: await takesZstd(server),
  };
}

async function askVersion(server: SetupServer): Promise<Pick<ServerAbilities, 'version' | 'major' | 'isServerless'>> {
  const answer = await server.request({ method: 'GET', path: '/' });
  checkAllowed(answer, 'GET /');
  const version = member(answer.body, 'version');
  const number = member(version, 'number');
  if (answer.status !== 200 || typeof number !== 'string')
    throw new SetupError(`what answers there is no Elasticsearch: ${reasonOf(answer)}`);
  if (member(version, 'distribution') !== undefined)
    throw new SetupError(`what answers there is ${String(member(version, 'distribution'))}: Elasticsearch 8 or 9 is needed`);
  const isServerless = member(version, 'build_flavor') === 'serverless';
  const major = Number.parseInt(number, 10);
  if (!isServerless && !(major >= oldestMajor)) throw new SetupError(`this is Elasticsearch ${number}: version 8 or 9 is needed`);
  return { version: number, major, isServerless };
}

async function askLifecycle(server: SetupServer): Promise<ServerAbilities['lifecycle']> {
  if (await has(server, '/_data_stream/tributary-probe-*/_lifecycle')) return 'data_stream';
  return (await has(server, '/_ilm/policy')) ? 'policies' : undefined;
}

/** Is there such a call? One that this user may not make is there. */
async function has(server: SetupServer, path: string): Promise<boolean> {
  const answer = await server.request({ method: 'GET', path });
  if (answer.status === 401) checkAllowed(answer, `GET ${path}`);
  if (answer.status === 200 || answer.status === 403 || answer.status === 404) return true;
  // `no handler found`, or taken for the name of an index: 400. A method that is not there: 405. Serverless without it: 410.
  if (answer.status === 400 || answer.status === 405 || answer.status === 410) return false;
  throw unclear(`GET ${path}`, answer);
}

async function takes(server: SetupServer, template: object): Promise<boolean> {
  const path = '/_index_template/_simulate';
  const answer = await server.request({ method: 'POST', path, body: { index_patterns: [probePattern], ...template } });
  checkAllowed(answer, `POST ${path}`);
  if (answer.status === 200) return true;
  if (answer.status === 400) return false;
  throw unclear(`POST ${path}`, answer);
}

function takesMapping(server: SetupServer, mappings: object): Promise<boolean> {
  return takes(server, { template: { mappings } });
}

async function takesZstd(server: SetupServer): Promise<boolean> {
  const search = '{"index":"tributary-probe-none","ignore_unavailable":true}\n{"size":0}\n';
  const { status } = await server.request({
    method: 'POST',
    path: '/_msearch',
    body: zstdCompressSync(search),
    headers: { 'content-type': 'application/x-ndjson', 'content-encoding': 'zstd' },
  });
  return status === 200;
}

function isAtLeast(version: string, major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

function unclear(what: string, answer: SetupAnswer): SetupError {
  return new SetupError(`Elasticsearch answered ${what} with ${answer.status}: ${reasonOf(answer)}`);
}
