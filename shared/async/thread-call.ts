/**
 * Typed calls to a worker thread. The thread takes all calls that wait at its port as one group, so that it can do one
 * transaction for them (group commit) and answer each after the commit. Answers of a group travel together.
 *
 * Calls are handed over in the order in which they were made. When the thread dies every call under way is rejected, and so is
 * every later one. Disposing lets the thread finish what was sent, then ends it.
 */
import { parentPort, receiveMessageOnPort, type Transferable, type Worker } from 'node:worker_threads';
import { assert } from '../assert.ts';

/** What a thread answers: argument and result of each call by its name. */
export type ThreadContract = Record<string, { readonly argument: unknown; readonly result: unknown }>;

/** An error that crossed from a thread. `code` and SQLite's `errcode` are kept, so that callers can tell them apart. */
export class ThreadCallError extends Error {
  override readonly name = 'ThreadCallError';
  readonly code: string;
  readonly errcode: number | undefined;
  constructor(error: CrossingError) {
    super(error.message);
    this.code = error.code;
    this.errcode = error.errcode;
  }
}

interface CrossingError {
  readonly code: string;
  readonly message: string;
  readonly errcode: number | undefined;
}

type ToThread = { readonly id: number; readonly name: string; readonly argument: unknown } | { readonly end: true };
type Answer = { readonly id: number; readonly result: unknown } | { readonly id: number; readonly error: CrossingError };
type FromThread<Event> = { readonly answers: readonly Answer[] } | { readonly event: Event };

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** What a thread has used. */
export interface ThreadUsage {
  /** Of JavaScript's heap, garbage as well, and of buffers. */
  readonly memoryBytes: number;
  /** Since its start. */
  readonly cpuMs: number;
}

/** Id of a call that wants no answer. */
const notificationId = 0;

export interface ThreadCallsOptions<Event> {
  readonly onEvent?: (event: Event) => void;
  /** The thread died on its own; called once. Everything under way was rejected with this error. */
  readonly onFailed?: (error: Error) => void;
}

/** The main thread's side. Owns the worker. */
export class ThreadCalls<Contract extends ThreadContract, Event = never> implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #options: ThreadCallsOptions<Event>;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<void>;
  #lastId = notificationId;
  #failure: Error | undefined;
  #ending = false;

  constructor(worker: Worker, options: ThreadCallsOptions<Event> = {}) {
    this.#worker = worker;
    this.#options = options;
    this.#exited = new Promise((resolve) => {
      worker.once('exit', (code) => {
        this.#fail(
          new ThreadCallError({ code: 'THREAD_ENDED', message: `the thread ended with code ${code}`, errcode: undefined }),
        );
        resolve();
      });
    });
    worker.once('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    worker.on('message', (message: FromThread<Event>) => this.#receive(message));
  }

  /** Calls under way. */
  get pending(): number {
    return this.#waiting.size;
  }

  /** `transfer` names buffers that are moved instead of copied: they are not to be touched any more. */
  call<Name extends keyof Contract & string>(
    name: Name,
    argument: Contract[Name]['argument'],
    transfer: readonly Transferable[] = [],
  ): Promise<Contract[Name]['result']> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    assert(!this.#ending, 'no call is made to a thread that was told to end');
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise<Contract[Name]['result']>((resolve, reject) => {
      this.#post({ id, name, argument }, transfer);
      this.#waiting.set(id, { resolve, reject });
    });
  }

  /** A call that wants no answer. Dropped when the thread is gone. */
  notify<Name extends keyof Contract & string>(
    name: Name,
    argument: Contract[Name]['argument'],
    transfer: readonly Transferable[] = [],
  ): void {
    if (this.#failure === undefined && !this.#ending) this.#post({ id: notificationId, name, argument }, transfer);
  }

  /** Answered by a thread in the middle of what it does, soon. Rejects where it has ended. */
  async usage(): Promise<ThreadUsage> {
    const [heap, { user, system }] = await Promise.all([this.#worker.getHeapStatistics(), this.#worker.cpuUsage()]);
    return { memoryBytes: heap.used_heap_size + heap.external_memory, cpuMs: (user + system) / 1000 };
  }

  /** Ends the thread in the middle of what it does, also of something that never ends. */
  async terminate(): Promise<void> {
    this.#ending = true;
    await this.#worker.terminate();
    await this.#exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ending && this.#failure === undefined) this.#post({ end: true }, []);
    this.#ending = true;
    await this.#exited;
  }

  #post(message: ToThread, transfer: readonly Transferable[]): void {
    this.#worker.postMessage(message, [...transfer]);
  }

  #receive(message: FromThread<Event>): void {
    if ('event' in message) {
      this.#options.onEvent?.(message.event);
      return;
    }
    // The thread had answered when it died, and the answers came after that was known: their calls were rejected.
    if (this.#failure !== undefined) return;
    for (const answer of message.answers) {
      const waiting = this.#waiting.get(answer.id);
      assert(waiting !== undefined, 'a thread answers each call once');
      this.#waiting.delete(answer.id);
      if ('error' in answer) waiting.reject(new ThreadCallError(answer.error));
      else waiting.resolve(answer.result);
    }
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    const unexpected = !this.#ending || this.#waiting.size > 0;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
    if (unexpected) this.#options.onFailed?.(error);
  }
}

/** One call as the thread sees it. Exactly one of `reply` and `fail` is called, at once or later; a notification needs neither. */
export type ThreadCall<Contract extends ThreadContract> = {
  readonly [Name in keyof Contract & string]: {
    readonly name: Name;
    readonly argument: Contract[Name]['argument'];
    readonly reply: (result: Contract[Name]['result'], transfer?: readonly Transferable[]) => void;
    readonly fail: (error: unknown) => void;
  };
}[keyof Contract & string];

export interface ThreadHandlers<Contract extends ThreadContract> {
  /** All calls that waited, in order, at most `groupMax`. What it throws ends the thread. */
  readonly group: (calls: readonly ThreadCall<Contract>[]) => void;
  /** Everything sent was handed over: release what keeps the thread alive. */
  readonly end?: () => void;
}

export interface ThreadServer<Event> {
  /** Tells the main thread something it did not ask for. */
  emit(event: Event): void;
}

const groupMaxDefault = 256;

/** The thread's side. Called once, at the top of the thread's file. */
export function serveThread<Contract extends ThreadContract, Event = never>(
  handlers: ThreadHandlers<Contract>,
  groupMax = groupMaxDefault,
): ThreadServer<Event> {
  const port = parentPort;
  assert(port !== null, 'serveThread runs in a worker thread');
  const answers = new AnswerBox((message, transfer) => port.postMessage(message, transfer));
  port.on('message', (first: ToThread) => {
    const calls: ThreadCall<Contract>[] = [];
    let ends = false;
    let next: ToThread | undefined = first;
    while (next !== undefined) {
      if ('end' in next) ends = true;
      else calls.push(callOf<Contract>(next, answers));
      const received: { message: ToThread } | undefined =
        !ends && calls.length < groupMax ? receiveMessageOnPort(port) : undefined;
      next = received?.message;
    }
    if (calls.length > 0) answers.collect(() => handlers.group(calls));
    if (!ends) return;
    handlers.end?.();
    port.close();
  });
  return { emit: (event) => port.postMessage({ event } satisfies FromThread<Event>) };
}

/** Collects the answers given during a group into one message; answers given later travel alone. */
class AnswerBox {
  readonly #post: (message: FromThread<never>, transfer: Transferable[]) => void;
  #collected: Answer[] | undefined;
  #transfer: Transferable[] = [];

  constructor(post: (message: FromThread<never>, transfer: Transferable[]) => void) {
    this.#post = post;
  }

  collect(body: () => void): void {
    this.#collected = [];
    this.#transfer = [];
    body();
    const answers = this.#collected;
    this.#collected = undefined;
    if (answers.length > 0) this.#post({ answers }, this.#transfer);
  }

  add(answer: Answer, transfer: readonly Transferable[]): void {
    if (this.#collected === undefined) {
      this.#post({ answers: [answer] }, [...transfer]);
      return;
    }
    this.#collected.push(answer);
    this.#transfer.push(...transfer);
  }
}

function callOf<Contract extends ThreadContract>(
  message: { readonly id: number; readonly name: string; readonly argument: unknown },
  answers: AnswerBox,
): ThreadCall<Contract> {
  const { id, name, argument } = message;
  const add = (answer: Answer, transfer: readonly Transferable[] = []): void => {
    if (id !== notificationId) answers.add(answer, transfer);
  };
  return {
    name,
    argument,
    reply: (result: unknown, transfer?: readonly Transferable[]) => add({ id, result }, transfer),
    fail: (error: unknown) => add({ id, error: crossing(error) }),
  };
}

function crossing(error: unknown): CrossingError {
  if (!(error instanceof Error)) return { code: 'UNKNOWN', message: String(error), errcode: undefined };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
  const errcode = 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : undefined;
  return { code, message: error.message, errcode };
}
