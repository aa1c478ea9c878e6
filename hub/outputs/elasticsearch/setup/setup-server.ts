/**
 * What the set-up needs of the way to a cluster (../client/connection.ts has it): one request at a time, any status is an answer. No answer at
 * all is a rejection, which goes on to whoever called.
 */
export interface SetupRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface SetupAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface SetupServer {
  request(request: SetupRequest): Promise<SetupAnswer>;
}

/** The cluster answers, and nothing can be set up as things are; the message says what to do. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
  readonly code = 'ELASTICSEARCH_SETUP';
}

const reasonCharsMax = 400;

/** What the server itself says of its refusal: the innermost cause, which names what is wrong. */
export function reasonOf({ status, body }: SetupAnswer): string {
  let at: unknown = member(body, 'error');
  if (typeof at === 'string') return bounded(at);
  let reason = `status ${status}`;
  while (at !== undefined && at !== null) {
    const own = member(at, 'reason');
    if (typeof own === 'string') reason = own;
    at = member(at, 'caused_by');
  }
  return bounded(reason);
}

/** Of an object that came from the server: undefined where there is none of that name. */
export function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}

export function membersOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Throws where the cluster lets nobody in, or not this user. */
export function checkAllowed(answer: SetupAnswer, what: string): void {
  if (answer.status !== 401 && answer.status !== 403) return;
  const whom = answer.status === 401 ? 'does not know these credentials' : 'does not allow it to this user or key';
  throw new SetupError(
    `Elasticsearch ${whom}: ${what} (${reasonOf(answer)}). The set-up needs the privileges that docs/operating/elasticsearch.md lists; with setup: false only tributary-hub es setup does.`,
  );
}

function bounded(text: string): string {
  return text.length <= reasonCharsMax ? text : `${text.slice(0, reasonCharsMax).toWellFormed()}…`;
}
