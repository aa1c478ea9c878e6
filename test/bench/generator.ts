import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../harness/random.ts';

/** Raised when what is generated changes: figures of different versions are not comparable. */
const version = 1;
const flushBytes = 1 << 20;

export interface GeneratedLog {
  readonly path: string;
  readonly lines: number;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * The log every figure is measured with: access log, JSON, proxy and application lines in equal parts, about 196 bytes each, the
 * same to the byte on every machine. Kept in the user's cache folder with its checksum, and made again when it does not fit.
 */
export function generatedLog(lines = 1_000_000): GeneratedLog {
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'tributary-bench');
  const path = join(folder, `mixed-v${version}-${lines}.log`);
  const note = `${path}.sha256`;
  if (existsSync(path) && existsSync(note)) {
    const content = readFileSync(path);
    const sha256 = createHash('sha256').update(content).digest('hex');
    if (readFileSync(note, 'utf8').trim() === sha256) return { path, lines, bytes: content.length, sha256 };
  }
  mkdirSync(folder, { recursive: true });
  const made = writeLog(`${path}.writing`, lines);
  renameSync(`${path}.writing`, path);
  writeFileSync(note, `${made.sha256}\n`);
  return { path, lines, ...made };
}

function writeLog(path: string, lines: number): { bytes: number; sha256: string } {
  const maker = new LineMaker(1);
  const hash = createHash('sha256');
  const handle = openSync(path, 'w');
  let bytes = 0;
  let text = '';
  const flush = (): void => {
    const piece = Buffer.from(text, 'latin1');
    for (let at = 0; at < piece.length;) at += writeSync(handle, piece, at);
    hash.update(piece);
    bytes += piece.length;
    text = '';
  };
  for (let line = 0; line < lines; line += 1) {
    text += maker.line(line);
    if (text.length > flushBytes) flush();
  }
  flush();
  closeSync(handle);
  return { bytes, sha256: hash.digest('hex') };
}

const pages = [
  '/',
  '/cart',
  '/catalog/search',
  '/account/orders',
  '/assets/main.css',
  '/assets/app.js',
  '/api/v2/items',
  '/healthz',
];
const agents = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15',
  'python-requests/2.32.3',
  'okhttp/4.12.0',
];
const statuses = [200, 200, 200, 200, 204, 301, 304, 404, 500];
const levels = ['INFO', 'INFO', 'INFO', 'DEBUG', 'WARN', 'ERROR'];
const services = ['billing', 'checkout', 'inventory', 'mailer', 'pricing', 'search', 'sessions', 'shipping'];
const actions = ['reserved stock for', 'charged card of', 'sent confirmation to', 'recalculated price of', 'released lock on'];

class LineMaker {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  line(index: number): string {
    const time = new Date(1_780_000_000_000 + index * 41 + this.#random.below(40)).toISOString();
    switch (this.#random.below(4)) {
      case 0:
        return this.#access(time);
      case 1:
        return this.#json(time);
      case 2:
        return this.#proxy(time);
      default:
        return this.#application(time);
    }
  }

  #access(time: string): string {
    const random = this.#random;
    const query = random.chance(0.5) ? `?item=${random.below(1_000_000)}&page=${random.below(40)}` : '';
    const request = `${random.pick(['GET', 'GET', 'GET', 'POST'])} ${random.pick(pages)}${query} HTTP/1.1`;
    const from = `https://shop.example.net${random.pick(pages)}`;
    return `${this.#address()} - - [${time}] "${request}" ${random.pick(statuses)} ${random.below(90_000)} "${from}" "${random.pick(agents)}"\n`;
  }

  #json(time: string): string {
    const random = this.#random;
    return `${JSON.stringify({
      time,
      level: random.pick(levels).toLowerCase(),
      service: random.pick(services),
      message: 'request handled',
      method: random.pick(['GET', 'POST', 'PUT']),
      path: `${random.pick(pages)}/${random.below(100_000)}`,
      status: random.pick(statuses),
      durationMs: random.below(3000) / 10,
      trace: this.#hex(4),
    })}\n`;
  }

  #proxy(time: string): string {
    const random = this.#random;
    const timers = `${random.below(50)}/0/${random.below(8)}/${random.below(300)}/${random.below(800)}`;
    const counters = `${random.below(700)}/${random.below(700)}/${random.below(80)}/${random.below(9)}/0`;
    const head = `${time} edge-${random.below(12)} haproxy[${1000 + random.below(8)}]: ${this.#address()}:${1024 + random.below(60_000)}`;
    const request = `"GET ${random.pick(pages)}?v=${random.below(10_000)} HTTP/2.0"`;
    return `${head} public~ web/web${random.below(20)} ${timers} ${random.pick(statuses)} ${random.below(60_000)} - - ---- ${counters} 0/0 {shop.example.net} ${request}\n`;
  }

  #application(time: string): string {
    const random = this.#random;
    const service = random.pick(services);
    const logger = `net.example.${service}.${service[0]?.toUpperCase() ?? ''}${service.slice(1)}Handler`;
    const what = `${random.pick(actions)} order ${random.below(100_000_000)} of customer ${random.below(5_000_000)}`;
    const more = `attempt=${random.below(4)} elapsed=${random.below(900)}ms region=${random.pick(['eu-1', 'eu-2', 'us-1'])} request=${this.#hex(1)}`;
    return `${time} ${random.pick(levels).padEnd(5)} [exec-${random.below(32)}] ${logger} - ${what}, ${more}\n`;
  }

  #address(): string {
    const random = this.#random;
    return `${1 + random.below(222)}.${random.below(256)}.${random.below(256)}.${random.below(256)}`;
  }

  #hex(words: number): string {
    let text = '';
    for (let word = 0; word < words; word += 1) text += this.#random.next().toString(16).padStart(8, '0');
    return text;
  }
}
