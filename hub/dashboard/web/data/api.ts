/**
 * The one way to the hub's API: the browser's session cookie, the CSRF token with whatever changes something, and errors as the API tells
 * them. An answer that says that nobody is signed in ends the session (`session.ts` listens).
 */
import { createStore, type Store } from './store.ts';

export class ApiError extends Error {
  readonly status: number;
  /** Stable, such as `unknown-agent`; `unreachable` when the hub did not answer. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface CallOptions {
  readonly query?: Query;
  readonly body?: object;
  readonly signal?: AbortSignal;
}

/** What the API said of the session while answering something else. */
type SessionNews = 'over' | 'must-change';

let csrfToken = '';
let onSession: (news: SessionNews) => void = () => {};
let clockAheadMs = 0;
let lastAnswerMs = Date.now();
/** By this machine's clock; undefined: the hub answers. */
export const awaySince: Store<number | undefined> = createStore<number | undefined>(undefined);

export function useCsrfToken(token: string): void {
  csrfToken = token;
}

export function listenForSession(listener: (news: SessionNews) => void): void {
  onSession = listener;
}

/** The time by the hub's clock, which what it tells is measured with; this machine's may be wrong. */
export function hubNow(): number {
  return Date.now() + clockAheadMs;
}

export async function get<T>(path: string, options: Omit<CallOptions, 'body'> = {}): Promise<T> {
  return await call<T>('GET', path, options);
}

export interface Answered<T> {
  readonly data: T;
  /** Of this very answer. */
  readonly etag: string | undefined;
}

/** As `get`; undefined when the answer with this ETag still holds. */
export async function getChanged<T>(
  path: string,
  etag: string | undefined,
  signal: AbortSignal,
): Promise<Answered<T> | undefined> {
  const headers = { accept: 'application/json', ...(etag === undefined ? {} : { 'if-none-match': etag }) };
  const response = await answerTo(path, { credentials: 'same-origin', headers, signal });
  learnClock(response.headers.get('date'));
  if (response.status === 304) return undefined;
  return { data: await contentOf<T>(response), etag: response.headers.get('etag') ?? undefined };
}

export async function call<T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, options: CallOptions = {}): Promise<T> {
  const { query = {}, body, signal } = options;
  const response = await answerTo(withQuery(path, query), {
    method,
    credentials: 'same-origin',
    headers: {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(method === 'GET' ? {} : { 'x-csrf-token': csrfToken }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  learnClock(response.headers.get('date'));
  return await contentOf<T>(response);
}

async function contentOf<T>(response: Response): Promise<T> {
  const answer: unknown = response.status === 204 ? undefined : await response.json().catch(() => undefined);
  if (!response.ok) throw refusal(response.status, answer);
  return believed<T>(answer);
}

interface OpenOptions {
  readonly query?: Query;
  readonly accept: string;
  readonly signal: AbortSignal;
  /** Called with each part of the answer. */
  readonly heard?: () => void;
}

/** An answer that comes bit by bit, such as what a search finds while it is found. */
export async function open(
  path: string,
  { query = {}, accept, signal, heard }: OpenOptions,
): Promise<ReadableStream<Uint8Array>> {
  const response = await answerTo(withQuery(path, query), { credentials: 'same-origin', headers: { accept }, signal });
  learnClock(response.headers.get('date'));
  if (!response.ok) throw refusal(response.status, await response.json().catch(() => undefined));
  const body = response.body ?? new ReadableStream<Uint8Array>();
  return body.pipeThrough(
    new TransformStream({
      transform: (part, out) => {
        lastAnswerMs = Date.now();
        heard?.();
        out.enqueue(part);
      },
    }),
  );
}

/** The page belongs to the very hub that answers, so what the hub says is not checked a second time. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
export function believed<T>(answer: unknown): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this is the place that says so
  return answer as T;
}

export function withQuery(path: string, query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' || value === false ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}

async function answerTo(path: string, init: RequestInit): Promise<Response> {
  try {
    const response = await fetch(path, init);
    lastAnswerMs = Date.now();
    awaySince.set(undefined);
    return response;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    awaySince.set(lastAnswerMs);
    throw new ApiError(0, 'unreachable', 'The hub does not answer: it is stopped, or the network between is cut.');
  }
}

function refusal(status: number, answer: unknown): ApiError {
  const told = typeof answer === 'object' && answer !== null ? answer : {};
  const code = 'error' in told && typeof told.error === 'string' ? told.error : 'unknown';
  const message =
    'message' in told && typeof told.message === 'string'
      ? told.message
      : `The answer has the status ${status}, and is not as a hub does: try again, and look whether a proxy before the hub gives it.`;
  if (code === 'unauthenticated') onSession('over');
  if (code === 'password-change-required') onSession('must-change');
  return new ApiError(status, code, message);
}

/** `Date` has whole seconds, so less than three are no difference. */
function learnClock(date: string | null): void {
  const aheadMs = date === null ? Number.NaN : Date.parse(date) - Date.now();
  if (Number.isFinite(aheadMs)) clockAheadMs = Math.abs(aheadMs) < 3000 ? 0 : aheadMs;
}
