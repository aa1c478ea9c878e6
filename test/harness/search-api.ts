/** Searching by the HTTP API of a real hub, with a token that may read. */
import assert from 'node:assert/strict';
import type { HubHost } from './hub-host.ts';
import { listAt, parseJson, textAt } from './json.ts';

export class SearchApi {
  readonly #url: string;
  readonly #token: string;

  private constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  static async of(hub: HubHost, tenant: string): Promise<SearchApi> {
    const asked = ['--tenant', tenant, '--scope', 'read', '--json', '--config', hub.configPath];
    const { code, stdout, stderr } = await hub.run('token', 'create', ...asked);
    assert.equal(code, 0, stderr);
    return new SearchApi(await urlOf(hub), textAt(parseJson(stdout), 'token'));
  }

  /** The same token at another hub of the site. */
  async at(hub: HubHost): Promise<SearchApi> {
    return new SearchApi(await urlOf(hub), this.#token);
  }

  fetch(path: string, signal?: AbortSignal, accept = '*/*'): Promise<Response> {
    const headers = { authorization: `Bearer ${this.#token}`, accept };
    return fetch(`${this.#url}${path}`, { headers, ...(signal !== undefined && { signal }) });
  }

  async get(path: string): Promise<unknown> {
    const response = await this.fetch(path);
    const body: unknown = parseJson(await response.text());
    assert.equal(response.status, 200, JSON.stringify(body));
    return body;
  }

  async lines(query: string): Promise<string[]> {
    return listAt(await this.get(`/api/v1/search?${query}`), 'records').map((record) => textAt(record, 'line'));
  }
}

async function urlOf(hub: HubHost): Promise<string> {
  return `http://127.0.0.1:${await hub.portOf('http')}`;
}

/** Records of a live tail, until there are so many. */
export async function tailedRecords(response: Response, count: number): Promise<unknown[]> {
  const records: unknown[] = [];
  let text = '';
  assert.ok(response.body !== null);
  for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
    text += part;
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      const [, data] = /^event: record\ndata: (.*)$/.exec(event) ?? [];
      if (data !== undefined) records.push(parseJson(data));
    }
    if (records.length >= count) break;
  }
  return records;
}
