/**
 * One GET as a stranger would send it: without credentials, cookies or a client certificate, and whatever certificate the service shows,
 * as who means harm would not mind either. Redirects are not followed: where they lead is not what was configured.
 */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Answer, Asked } from './answer.ts';
import { answerBytesMax, askDeadlineMs, headerBytesMax } from './limits.ts';

export function askHttp({ url, address }: Asked, path: string): Promise<Answer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
  const name = url.hostname.replaceAll(/^\[|\]$/g, '');
  const options = {
    host: address,
    servername: isIP(name) === 0 ? name : '',
    port: url.port === '' ? undefined : Number(url.port),
    path: `${url.pathname.replace(/\/$/, '')}${path}`,
    headers: { host: url.host, accept: 'application/json', connection: 'close' },
    agent: false,
    maxHeaderSize: headerBytesMax,
    rejectUnauthorized: false,
    signal: AbortSignal.timeout(askDeadlineMs),
  } as const;
  const call = (url.protocol === 'https:' ? httpsRequest : httpRequest)(options, (response) => {
    readBeginning(response).then(resolve, () => resolve(undefined));
  });
  call.on('error', () => resolve(undefined));
  call.end();
  return promise;
}

async function readBeginning(response: IncomingMessage): Promise<Answer> {
  const { statusCode = 0 } = response;
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response) {
    if (!Buffer.isBuffer(part)) break;
    parts.push(part);
    bytes += part.length;
    if (bytes >= answerBytesMax) break;
  }
  response.destroy();
  return { status: statusCode, text: Buffer.concat(parts).toString('utf8', 0, answerBytesMax) };
}
