/**
 * HTTP requests that something is wrong with. Most can still be parsed, so that they get past the parser to what judges methods,
 * paths, headers, credentials and bodies; some are spoilt as bytes.
 */
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { Random } from '../random.ts';
import { mutated, nastyText, randomBytes } from './mutate.ts';

export interface HttpSeed {
  readonly method: string;
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Request {
  method: string;
  target: string;
  headers: [name: string, value: string][];
  body: Buffer;
  /** The body goes in chunks. */
  chunked: boolean;
}

type Change = (request: Request, random: Random) => void;

const methods = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND', 'get', 'G ET', ''];
const headerNames = [
  'Authorization',
  'Content-Type',
  'Content-Length',
  'Content-Encoding',
  'Transfer-Encoding',
  'Expect',
  'Host',
  'Cookie',
  'X-CSRF-Token',
  'Upgrade',
  'Connection',
  'Origin',
  'X-Forwarded-For',
  'Idempotency-Key',
  'Range',
  'X-Http-Method-Override',
];
const headerValues = [
  'chunked',
  'gzip',
  'zstd',
  'gzip, gzip, gzip',
  'identity',
  'br',
  'application/json',
  'application/x-ndjson',
  'multipart/form-data; boundary=x',
  '100-continue',
  'Bearer ',
  'Basic YWRtaW46YWRtaW4=',
  'h2c',
  '-1',
  '0',
  '99999999999999999999',
  'close',
  'tributary_session=x',
];

const changes: readonly Change[] = [
  (request, random) => (request.method = random.pick(methods)),
  (request, random) => (request.target = `/${encodeURIComponent(nastyText(random).toWellFormed())}`),
  (request, random) =>
    (request.target += `${request.target.includes('?') ? '&' : '?'}type=${encodeURIComponent(nastyText(random).toWellFormed())}`),
  (request, random) => (request.target = mutated(Buffer.from(request.target), random).toString('latin1')),
  (request, random) => request.headers.push([random.pick(headerNames), random.pick(headerValues)]),
  (request, random) => request.headers.push([random.pick(headerNames), nastyText(random)]),
  (request, random) => request.headers.splice(random.below(request.headers.length + 1), 1),
  (request, random) => {
    for (let left = random.between(50, 3000); left > 0; left -= 1) request.headers.push(['X-More', 'y']);
  },
  (request, random) => (request.body = mutated(request.body, random)),
  (request, random) => (request.body = withNastyValue(request.body, random)),
  (request, random) => (request.body = Buffer.from('['.repeat(random.between(100, 20_000)))),
  (request, random) => (request.body = randomBytes(random, random.between(0, 4000))),
  (request, random) => {
    // A bomb: inflated it is a thousand times as large.
    const zeros = Buffer.alloc(random.between(1, 24) << 20, random.pick([0x00, 0x0a, 0x20]));
    const zip = random.chance(0.5) ? 'gzip' : 'zstd';
    request.body = zip === 'gzip' ? gzipSync(zeros, { level: 1 }) : zstdCompressSync(zeros);
    request.headers.push(['Content-Encoding', zip]);
  },
  (request) => {
    request.body = gzipSync(request.body);
    request.headers.push(['Content-Encoding', 'gzip']);
  },
  (request) => (request.chunked = true),
];

/** Bombs take this process its time: they are drawn far more seldom. */
const bomb = changes.length - 3;

/** Parsable in most cases. */
export function oddRequest(seed: HttpSeed, random: Random): Buffer {
  const request: Request = {
    method: seed.method,
    target: seed.target,
    headers: Object.entries({ Host: '127.0.0.1', ...seed.headers }),
    body: Buffer.from(seed.body ?? ''),
    chunked: false,
  };
  for (let left = random.between(1, 3); left > 0; left -= 1) {
    let index = random.below(changes.length);
    if (index === bomb && !random.chance(0.02)) index = 0;
    changes[index]?.(request, random);
  }
  return bytesOf(request, random);
}

/** No request any more, as a rule. */
export function spoiltRequest(seed: HttpSeed, random: Random): Buffer {
  return mutated(oddRequest(seed, random), random);
}

function bytesOf({ method, target, headers, body, chunked }: Request, random: Random): Buffer {
  const lines = [`${method} ${target} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`)];
  const saysLength = headers.some(([name]) => /^(?:content-length|transfer-encoding)$/i.test(name));
  if (chunked) lines.push('Transfer-Encoding: chunked');
  else if (!saysLength && body.length > 0) lines.push(`Content-Length: ${body.length}`);
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  return Buffer.concat([head, chunked ? chunksOf(body, random) : body]);
}

function chunksOf(body: Buffer, random: Random): Buffer {
  const half = body.length >> 1;
  const parts = [body.subarray(0, half), body.subarray(half)].filter((part) => part.length > 0);
  const chunk = (part: Buffer): Buffer => {
    const size = random.chance(0.8) ? part.length.toString(16) : random.pick(['ffffffffffffffff', '-1', 'xyz', '0x10', '']);
    const extension = random.chance(0.1) ? `;${'e'.repeat(random.between(1, 20_000))}` : '';
    return Buffer.concat([Buffer.from(`${size}${extension}\r\n`), part, Buffer.from('\r\n')]);
  };
  return Buffer.concat([...parts.map(chunk), Buffer.from(random.chance(0.9) ? '0\r\n\r\n' : '')]);
}

/** A JSON body with one of its values made nasty, or one more member. */
function withNastyValue(body: Buffer, random: Random): Buffer {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    return mutated(body, random);
  }
  if (typeof value !== 'object' || value === null) return Buffer.from(JSON.stringify(nastyText(random)));
  const name = random.chance(0.8) ? random.pick([...Object.keys(value), 'more']) : nastyText(random);
  const nasty = random.pick<unknown>([nastyText(random), null, [], {}, 1e308, -1, true, [[[[]]]]]);
  return Buffer.from(JSON.stringify({ ...value, [name]: nasty }));
}
