/**
 * Lines of a made-up web shop in the "combined" format of access logs. The same seed gives the same lines, so that a test can
 * know them; only the time comes from outside.
 */
const paths = ['/', '/cart', '/search?q=lamp', '/search?q=green%20chair', '/api/v1/items', '/api/v1/orders', '/assets/app.js'];
const referers = ['-', '-', 'https://www.example.com/', 'https://shop.example.com/cart', 'https://search.example.org/?q=shop'];
const userAgents = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148',
  'curl/8.14.1',
  'ExampleBot/2.1 (+https://www.example.org/bot)',
];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export class AccessLog {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** One line with its newline. */
  line(time: Date): string {
    const address = `${this.#pick(['192.0.2', '198.51.100', '203.0.113'])}.${1 + this.#below(254)}`;
    const user = this.#below(20) === 0 ? `user${this.#below(500)}` : '-';
    const { method, path, status, bytes } = this.#request();
    const referer = this.#pick(referers);
    return `${address} - ${user} [${formatTime(time)}] "${method} ${path} HTTP/1.1" ${status} ${bytes} "${referer}" "${this.#pick(userAgents)}"\n`;
  }

  #request(): { method: string; path: string; status: number; bytes: number } {
    const path = this.#below(3) === 0 ? `/items/${this.#below(10_000)}` : this.#pick(paths);
    const method = path.startsWith('/api/v1/orders') ? 'POST' : 'GET';
    const luck = this.#below(1000);
    if (luck < 5) return { method, path, status: 500, bytes: 612 };
    if (luck < 30) return { method, path: `${path}${this.#below(99)}.php`, status: 404, bytes: 153 };
    if (luck < 120) return { method, path, status: 304, bytes: 0 };
    return { method, path, status: method === 'POST' ? 201 : 200, bytes: 180 + this.#below(40_000) };
  }

  #pick<Item>(items: readonly [Item, ...Item[]] | readonly Item[]): Item {
    const item = items[this.#below(items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  /** A whole number in [0, limit), by the mulberry32 generator. */
  #below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let bits = this.#state;
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return Math.floor((((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296) * limit);
  }
}

/** `21/Nov/2026:12:40:01 +0000`. */
function formatTime(time: Date): string {
  const date = `${two(time.getUTCDate())}/${months[time.getUTCMonth()]}/${time.getUTCFullYear()}`;
  return `${date}:${two(time.getUTCHours())}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())} +0000`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
