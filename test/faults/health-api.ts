/** Asks a hub for its health by `GET /api/v1/health`, as any program may that has a token. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import type { HubHost } from '../harness/hub-host.ts';
import { at, listAt, parseJson, textAt } from '../harness/json.ts';
import type { Health, SeenNode } from './fault.ts';

const nodesPerAnswer = 1000;
const answerMs = 3000;

export interface HealthApiParts {
  readonly port: number;
  readonly token: string;
  /** PEM of the site's authority; undefined: without TLS. */
  readonly ca?: string | undefined;
}

export interface HealthApiAccess {
  readonly ca?: string | undefined;
  readonly run?: (...args: readonly string[]) => ReturnType<HubHost['run']>;
}

export class HealthApi {
  readonly #parts: HealthApiParts;
  /** Of the last question that was not answered as it should be. */
  problem = '';

  constructor(parts: HealthApiParts) {
    this.#parts = parts;
  }

  /** `run`: where the hub's folder can be seen, when that is not here. */
  static async of(hub: HubHost, { ca, run = hub.run.bind(hub) }: HealthApiAccess = {}): Promise<HealthApi> {
    const args = ['--scope', 'read', '--tenant', '*', '--json', '--config', hub.configPath];
    const { code, stdout, stderr } = await run('token', 'create', ...args);
    if (code !== 0) throw new Error(`token create ended with ${code}\n${stdout}${stderr}`);
    return new HealthApi({ port: await hub.portOf('http'), token: textAt(parseJson(stdout), 'token'), ca });
  }

  /** Undefined while nobody answers, or the answer is that it cannot be told. */
  async look(): Promise<Health | undefined> {
    const nodes = new Map<string, SeenNode>();
    let after = '';
    do {
      const answer = await this.get(`/api/v1/health?limit=${nodesPerAnswer}${after}`);
      if (answer === undefined) return undefined;
      for (const node of listAt(answer, 'nodes').map(nodeOf)) nodes.set(node.id, node);
      const next = at(answer, 'next');
      after = typeof next === 'string' ? `&after=${next}` : '';
    } while (after !== '');
    return nodes;
  }

  async get(path: string): Promise<unknown> {
    const { port, token, ca } = this.#parts;
    const send = ca === undefined ? httpRequest : httpsRequest;
    return await new Promise((resolve) => {
      const call = send(
        {
          host: '127.0.0.1',
          port,
          path,
          agent: false,
          headers: { authorization: `Bearer ${token}` },
          ...(ca === undefined ? {} : { ca }),
        },
        (response) => {
          const { statusCode = 0 } = response;
          text(response).then(
            (body) => resolve(this.#answerOf(statusCode, body)),
            () => resolve(undefined),
          );
        },
      );
      call.setTimeout(answerMs, () => call.destroy());
      call.on('error', (error) => {
        this.problem = error.message;
        resolve(undefined);
      });
      call.end();
    });
  }

  #answerOf(status: number, body: string): unknown {
    if (status === 200) return parseJson(body);
    this.problem = `${status} ${body.slice(0, 300)}`;
    return undefined;
  }
}

function nodeOf(node: unknown): SeenNode {
  const state = textAt(node, 'state');
  if (state !== 'green' && state !== 'yellow' && state !== 'red' && state !== 'unknown')
    throw new Error(`${state} is no colour of a node`);
  const parent = at(node, 'parent');
  return {
    id: textAt(node, 'id'),
    parent: typeof parent === 'string' ? parent : undefined,
    state,
    reason: textAt(node, 'reason'),
    causes: listAt(node, 'causes').map((cause) => ({ level: textAt(cause, 'level'), reason: textAt(cause, 'reason') })),
  };
}
