/** What a browser does of HTTP: keeps cookies per host and port, sends them back, and follows no redirect unless told to. */
export interface BrowserRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export class Browser {
  /** Names of hosts that are somewhere else than they say, as in /etc/hosts: `http://hub.example` → where it is. */
  readonly #places: ReadonlyMap<string, string>;
  readonly #cookies = new Map<string, Map<string, string>>();

  constructor(places: Readonly<Record<string, string>> = {}) {
    this.#places = new Map(Object.entries(places));
  }

  async request(url: string, { method = 'GET', headers = {}, body }: BrowserRequest = {}): Promise<Response> {
    const { origin, pathname, search } = new URL(url);
    const cookie = [...this.cookiesOf(origin)].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(`${this.#places.get(origin) ?? origin}${pathname}${search}`, {
      method,
      headers: { ...(cookie === '' ? {} : { cookie }), ...headers },
      redirect: 'manual',
      ...(body === undefined ? {} : { body }),
    });
    for (const line of response.headers.getSetCookie()) this.#keep(origin, line);
    return response;
  }

  cookiesOf(origin: string): Map<string, string> {
    return this.#cookies.getOrInsertComputed(origin, () => new Map());
  }

  /** Follows redirects until one leads to an address that `isEnd`: that one is given, and not asked for. */
  async follow(url: string, isEnd: (url: string) => boolean): Promise<string> {
    let next = url;
    for (let hops = 0; hops < 20; hops += 1) {
      const response = await this.request(next);
      await response.body?.cancel();
      const location = response.headers.get('location');
      if (location === null) throw new Error(`${next} answers ${response.status} and leads nowhere`);
      next = new URL(location, next).href;
      if (isEnd(next)) return next;
    }
    throw new Error(`${url} leads round in circles`);
  }

  #keep(origin: string, line: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const equals = pair.indexOf('=');
    const [name, value] = [pair.slice(0, equals), pair.slice(equals + 1)];
    const isOver = attributes.some((attribute) => /^max-age=0$/i.test(attribute) || isPast(attribute));
    if (isOver) this.cookiesOf(origin).delete(name);
    else this.cookiesOf(origin).set(name, value);
  }
}

function isPast(attribute: string): boolean {
  const [, date] = /^expires=(.+)$/i.exec(attribute) ?? [];
  return date !== undefined && Date.parse(date) < Date.now();
}
