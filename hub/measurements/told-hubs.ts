/**
 * What one hub of a site read of its agents, told to the others, so that each of them knows all: best effort, as the next is told soon. Together and compressed, a few
 * times a minute for each agent.
 */
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import type { Id } from '@tributary/protocol/messages.ts';
import * as z from 'zod';
import type { Cluster } from '../cluster/cluster.ts';
import type { AgentState } from './agents/agent-states.ts';
import { parseState, stateText } from './agents/state-text.ts';
import type { Measured } from './charts/series-book.ts';
import { toldBytesMax, toldPerMessageMax } from './limits.ts';

export interface ToldHubsParts {
  readonly cluster: Pick<Cluster, 'hubId' | 'members' | 'announce' | 'onAnnounced'>;
  readonly onState: (state: AgentState) => void;
  readonly onMeasured: (measured: Measured) => void;
}

const announcement = 'measured ';
const compress = promisify(zstdCompress);
const inflate = promisify(zstdDecompress);
const message = z.object({
  hub: z.string(),
  states: z.array(z.string()),
  measured: z.array(z.tuple([z.string(), z.number(), z.record(z.string(), z.number())])),
});

export class ToldHubs implements Disposable {
  readonly #parts: ToldHubsParts;
  readonly #removeListener: () => void;
  #states = new Map<Id, AgentState>();
  #measured: Measured[] = [];
  /** As of the last `tell`: asked of each document, it would be asked hundreds of times a second. */
  #isAlone = false;

  constructor(parts: ToldHubsParts) {
    this.#parts = parts;
    this.#removeListener = parts.cluster.onAnnounced((text) => {
      if (text.startsWith(announcement)) void this.#heard(text.slice(announcement.length));
    });
  }

  /** Told with the next `tell`: of each agent as it is then. */
  add(state: AgentState | undefined, measured: Measured): void {
    if (this.#isAlone) return;
    if (state !== undefined) this.#states.set(state.agentId, state);
    if (this.#measured.length < toldPerMessageMax) this.#measured.push(measured);
  }

  async tell(): Promise<void> {
    this.#isAlone = this.#parts.cluster.members().length < 2;
    if (this.#isAlone) {
      this.#states.clear();
      this.#measured = [];
    }
    if (this.#states.size === 0 && this.#measured.length === 0) return;
    const states = [...this.#states.values()].map(stateText);
    const measured = this.#measured.map(({ subject, atMs, values }) => [subject, atMs, values]);
    this.#states = new Map();
    this.#measured = [];
    const json = JSON.stringify({ hub: this.#parts.cluster.hubId, states, measured });
    this.#parts.cluster.announce(announcement + (await compress(json)).toString('base64'));
  }

  [Symbol.dispose](): void {
    this.#removeListener();
  }

  /** From a hub of this site; of another version perhaps. */
  async #heard(text: string): Promise<void> {
    const json = await inflate(Buffer.from(text, 'base64'), { maxOutputLength: toldBytesMax }).catch(() => undefined);
    if (json === undefined) return;
    const told = parsed(json.toString());
    if (told === undefined || told.hub === this.#parts.cluster.hubId) return;
    for (const one of told.states) {
      const state = parseState(one);
      if (state !== undefined) this.#parts.onState(state);
    }
    for (const [subject, atMs, values] of told.measured) this.#parts.onMeasured({ subject, atMs, values });
  }
}

function parsed(json: string): z.output<typeof message> | undefined {
  try {
    const { data } = message.safeParse(JSON.parse(json));
    return data;
  } catch {
    return undefined;
  }
}
