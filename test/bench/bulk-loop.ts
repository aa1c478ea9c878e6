/**
 * node test/bench/bulk-loop.ts URL FILE CONCURRENCY
 *
 * Sends the bulk bodies of a file, so many at once, as fast as the server takes them: the least that any program can do. A process of its own, so that
 * it has a core of its own. Prints a JSON line: seconds from the first request to the last answer, and its CPU seconds meanwhile.
 */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { bodiesOf } from './bulk-bodies.ts';

const [, , url = '', file = '', concurrency = ''] = process.argv;
const bodies = bodiesOf(readFileSync(file));
const agent = new Agent({ keepAlive: true, maxSockets: Number(concurrency) });
const target = new URL('/_bulk?filter_path=errors,items.*.status,items.*.error', url);

async function send(body: Buffer): Promise<void> {
  const answer = await new Promise<string>((resolve, reject) => {
    const call = request(target, { method: 'POST', agent, headers: { 'content-type': 'application/x-ndjson' } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.once('end', () => resolve(text));
      response.once('error', reject);
    });
    call.once('error', reject);
    call.end(body);
  });
  if (!answer.startsWith('{"errors":false')) throw new Error(`a request was refused: ${answer.slice(0, 1000)}`);
}

const left = bodies.values();
async function sendAll(): Promise<void> {
  for (const body of left) await send(body);
}

const startMs = performance.now();
const cpu = process.cpuUsage();
await Promise.all(Array.from({ length: Number(concurrency) }, sendAll));
const { user, system } = process.cpuUsage(cpu);
process.stdout.write(`${JSON.stringify({ seconds: (performance.now() - startMs) / 1000, cpuSeconds: (user + system) / 1e6 })}\n`);
agent.destroy();
