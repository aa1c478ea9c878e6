import { request } from 'node:http';
import { parseJson } from './json.ts';

/** `GET path` over a unix socket; undefined while nobody answers there. */
export async function getOverUnixSocket(socketPath: string, path: string): Promise<unknown> {
  return await new Promise((resolve, reject) => {
    const call = request({ socketPath, path, timeout: 5000, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        try {
          resolve(parseJson(Buffer.concat(chunks).toString('utf8')));
        } catch (error) {
          reject(new Error(`${socketPath}${path} answered something else than JSON`, { cause: error }));
        }
      });
    });
    call.on('timeout', () => call.destroy());
    // No process, a process that is starting, or one that was just killed: the caller tries again.
    call.on('error', () => resolve(undefined));
    call.end();
  });
}
