/** Documents that go into a log type of the running hub, by its socket. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ArchiveObject } from '../queue/queue.ts';
import {
  type BeginRequest,
  type LinesAnswer,
  type ObjectAnswer,
  restoreBytesMax,
  restorePaths,
} from '../outputs/archive/restore/requests.ts';
import { restoredBlock } from '../outputs/archive/restore/restored-block.ts';
import type { MadeOfRows, RestoreTarget } from '../outputs/archive/restore/restore-run.ts';
import { type AskHub, HubRefusal } from './ask-running-hub.ts';

/** How long a hub that does not answer, or waits for its store, is asked again. */
const patienceMs = 30_000;
const againMs = 500;
/** What is said of rows and blocks beside their bytes, at most. */
const otherBytesMax = 4 * 1024 * 1024;
const waitsFor: ReadonlySet<string> = new Set(['starting', 'away']);

export interface HubTargetParts {
  readonly ask: AskHub;
  readonly request: BeginRequest;
  /** Told once whenever there is no room. */
  readonly onWaiting: () => void;
}

export class HubTarget implements RestoreTarget {
  readonly takesAgain: boolean;
  readonly #parts: HubTargetParts;
  readonly #session: string;

  private constructor(parts: HubTargetParts, session: string) {
    const { type, into } = parts.request;
    this.#parts = parts;
    this.#session = session;
    this.takesAgain = type === into;
  }

  static async open(parts: HubTargetParts): Promise<HubTarget> {
    const { session } = await parts.ask({ method: 'POST', path: restorePaths.begin, body: parts.request });
    return new HubTarget(parts, String(session));
  }

  async begin({ name: object }: ArchiveObject): Promise<ObjectAnswer> {
    const { rows, pending } = await this.#ask(restorePaths.object, { session: this.#session, object });
    return { rows: rangesIn(rows), pending: rangesIn(pending) };
  }

  async take({ object, rows, again, blocks }: MadeOfRows): Promise<'done' | 'too-large'> {
    const { type: archivedAs, into } = this.#parts.request;
    const wanted = again ? blocks.filter(({ type }) => type === into) : blocks;
    const sent = wanted.map((made) => restoredBlock(made, made.type === archivedAs));
    const bytes = sent.reduce((sum, { body }) => sum + Math.ceil(body.length / 3) * 4, 0);
    if (bytes > restoreBytesMax - otherBytesMax) return 'too-large';
    const encoded = sent.map(({ body, ...block }) => ({ ...block, body: Buffer.from(body).toString('base64') }));
    const question = { session: this.#session, object: object.name, rows, again, blocks: encoded };
    let isWaiting = false;
    while ((await this.#ask(restorePaths.lines, question))['state'] === ('full' satisfies LinesAnswer['state'])) {
      if (!isWaiting) this.#parts.onWaiting();
      isWaiting = true;
      await sleep(againMs);
    }
    return 'done';
  }

  /** Asked again as it was, whether or not it was done: the hub knows. */
  async #ask(path: string, body: unknown): Promise<Readonly<Record<string, unknown>>> {
    const untilMs = performance.now() + patienceMs;
    for (;;) {
      try {
        return await this.#parts.ask({ method: 'POST', path, body });
      } catch (error) {
        const mayPass = !(error instanceof HubRefusal) || waitsFor.has(error.reason);
        if (!mayPass || performance.now() > untilMs) throw error;
        await sleep(againMs);
      }
    }
  }
}

/** The other end is this very program. */
function rangesIn(value: unknown): ObjectAnswer['rows'] {
  return Array.isArray(value) ? value : [];
}
