/** Asks the HTTP API as a browser's page, or as a program with a token. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Of JSON; undefined when there is no body. */
  readonly body: Record<string, unknown> | undefined;
  readonly text: string;
}

export class PeopleClient {
  readonly #url: string;
  /** `name=value`. */
  cookie: string | undefined;
  csrfToken: string | undefined;
  bearer: string | undefined;

  constructor(url: string, bearer?: string) {
    this.#url = url;
    this.bearer = bearer;
  }

  /** Keeps the cookie and the token that signing in gave. */
  async signIn(name: string, password: string): Promise<Answer> {
    return this.#keep(await this.call('POST', '/api/v1/session', { name, password }));
  }

  async changePassword(current: string, wanted: string): Promise<Answer> {
    return this.#keep(await this.call('POST', '/api/v1/session/password', { current, new: wanted }));
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(this.cookie === undefined ? {} : { cookie: this.cookie }),
        ...(this.csrfToken === undefined || method === 'GET' ? {} : { 'x-csrf-token': this.csrfToken }),
        ...(this.bearer === undefined ? {} : { authorization: `Bearer ${this.bearer}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    const parsed: unknown = isJson && text !== '' ? JSON.parse(text) : undefined;
    return { status: response.status, headers: response.headers, body: isRecord(parsed) ? parsed : undefined, text };
  }

  #keep(answer: Answer): Answer {
    const [set = ''] = answer.headers.getSetCookie();
    const token = answer.body?.['csrfToken'];
    if (answer.status === 200 && typeof token === 'string') {
      this.cookie = set.split(';')[0];
      this.csrfToken = token;
    }
    return answer;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
