/**
 * A pretended server for tests of the set-up: it has the calls for lifecycle that the real server of the tests has not, and keeps what it is given as
 * a real one does (settings as texts below `index`, defaults added). It checks nothing: what it takes is compared with Elastic's own client elsewhere.
 */
import { setupKinds, type SetupKind } from '../outputs/elasticsearch/setup/setup-item.ts';
import {
  member,
  membersOf,
  type SetupAnswer,
  type SetupRequest,
  type SetupServer,
} from '../outputs/elasticsearch/setup/setup-server.ts';

const folders: Readonly<Record<SetupKind, string>> = {
  lifecycle_policy: '/_ilm/policy/',
  component_template: '/_component_template/',
  index_template: '/_index_template/',
};

export interface PretendedAbilities {
  readonly version?: string;
  readonly lifecycle?: 'data_stream' | 'policies' | 'none';
  /** Parts of bodies that it does not know. */
  readonly refuses?: readonly string[];
}

export class PretendedElasticsearch implements SetupServer {
  readonly requests: SetupRequest[] = [];
  readonly stored = new Map<string, object>();
  /** Answers in place of its own, from now on; undefined: its own. */
  answer: ((request: SetupRequest) => SetupAnswer | undefined) | undefined;
  readonly #abilities: PretendedAbilities;

  constructor(abilities: PretendedAbilities = {}) {
    this.#abilities = abilities;
  }

  get writes(): readonly SetupRequest[] {
    return this.requests.filter(({ method }) => method === 'PUT');
  }

  request(request: SetupRequest): Promise<SetupAnswer> {
    this.requests.push(request);
    return Promise.resolve(this.answer?.(request) ?? this.#own(request));
  }

  #own({ method, path, body }: SetupRequest): SetupAnswer {
    const { version = '9.4.3', lifecycle = 'data_stream', refuses = [] } = this.#abilities;
    if (refuses.some((part) => JSON.stringify(body ?? {}).includes(part)))
      return { status: 400, body: { error: { reason: 'unknown', caused_by: { reason: 'it is not known' } } } };
    if (path === '/') return { status: 200, body: { version: { number: version, build_flavor: 'default' } } };
    if (path.startsWith('/_data_stream') && path.endsWith('/_lifecycle') && lifecycle !== 'data_stream') return noHandler;
    if (path.startsWith('/_ilm') && lifecycle === 'none') return noHandler;
    const kind = setupKinds.find((one) => `${path}/`.startsWith(folders[one]));
    if (kind === undefined || path.endsWith('_simulate')) return { status: 200, body: {} };
    if (method === 'PUT') {
      this.stored.set(path, asStored(kind, body ?? {}));
      return { status: 200, body: { acknowledged: true } };
    }
    return { status: 200, body: this.#list(kind) };
  }

  #list(kind: SetupKind): object {
    const all = [...this.stored].filter(([path]) => path.startsWith(folders[kind]));
    const named = all.map(([path, content]) => [path.slice(folders[kind].length), content] as const);
    if (kind === 'lifecycle_policy') return Object.fromEntries(named);
    return { [`${kind}s`]: named.map(([name, content]) => ({ name, [kind]: content })) };
  }
}

const noHandler: SetupAnswer = { status: 400, body: { error: 'no handler found for uri' } };

function asStored(kind: SetupKind, body: object): object {
  if (kind === 'lifecycle_policy') return { version: 1, modified_date: '2026-11-22T00:00:00.000Z', ...body };
  const template = member(body, 'template');
  const settings = member(template, 'settings');
  return {
    ...body,
    ...(kind === 'index_template' &&
      member(body, 'data_stream') !== undefined && { data_stream: { hidden: false, allow_custom_routing: false } }),
    template: { ...Object.fromEntries(membersOf(template)), ...(settings !== undefined && { settings: asTexts(settings) }) },
    created_date_millis: 1,
  };
}

function asTexts(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.fromEntries(membersOf(value).map(([name, one]) => [name, asTexts(one)]));
}
