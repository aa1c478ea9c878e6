/** The other end of the status socket: what the `status` command uses. */
import { request } from 'node:http';

const timeoutMs = 5000;

/** Undefined when no hub runs there. Rejects when one does and gives no sense. */
export function askStatus(socketPath: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path: '/status', timeout: timeoutMs, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        try {
          resolve(JSON.parse(Buffer.concat(parts).toString('utf8')));
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
    call.on('timeout', () => call.destroy(new Error(`the hub did not answer within ${timeoutMs / 1000} s`)));
    call.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined);
      else reject(error);
    });
    call.end();
  });
}
