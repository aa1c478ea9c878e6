/**
 * The formats that HAProxy has by itself, told apart by what they hold: `option httplog` and `httpslog` have five times, `tcplog` three,
 * errors of connections a colon behind the bind's name; without any of these options a line only says who connected to what.
 */
import { endpoint } from '../addresses.ts';
import { isObject, type MutableFields } from '../../record/fields.ts';
import { cutText } from '../cut-text.ts';
import { requestLine, urlOf } from '../http-request.ts';
import { KnownWords } from '../known-words.ts';
import { unescapedNumberSigns } from '../quoted-text.ts';
import type { CommonLogTime } from '../time/common-log-time.ts';
import { wholeNumber } from '../time/digits.ts';
import { LineCursor } from './line-cursor.ts';
import { tlsSuffix } from './tls-suffix.ts';

export interface HaproxyLine {
  readonly fields: MutableFields;
  readonly eventMs: number | undefined;
}

const space = 32;
const slash = 47;
const brace = 123;
const quote = 34;
const colon = 58;
const tilde = 126;
const nanosecondsOfMs = 1_000_000;

export class DefaultLines {
  readonly #time: CommonLogTime;
  readonly #cursor = new LineCursor();
  /** Of proxies and servers. */
  readonly #names = new KnownWords();

  constructor(time: CommonLogTime) {
    this.#time = time;
  }

  /** Undefined where the line is of another form. */
  read(text: string, from: number): HaproxyLine | undefined {
    const addressEnd = text.indexOf(' ', from);
    if (addressEnd < 0) return undefined;
    if (!text.startsWith(' [', addressEnd)) return text.startsWith('Connect from ', from) ? connectLine(text, from) : undefined;
    const timeEnd = text.indexOf('] ', addressEnd);
    const eventMs = timeEnd < 0 ? undefined : this.#time.at(text, addressEnd + 2, timeEnd);
    const source = eventMs === undefined ? undefined : addressAndPort(text, from, addressEnd);
    if (source === undefined) return undefined;
    const frontendEnd = text.indexOf(' ', timeEnd + 2);
    if (frontendEnd < 0) return undefined;
    const fields =
      text.charCodeAt(frontendEnd - 1) === colon
        ? errorLine(text.slice(timeEnd + 2, frontendEnd), cutText(text, frontendEnd + 1))
        : this.#trafficLine(text, timeEnd + 2, frontendEnd);
    if (fields === undefined) return undefined;
    fields['source'] = source;
    return { fields, eventMs };
  }

  #trafficLine(text: string, from: number, frontendEnd: number): MutableFields | undefined {
    const cursor = this.#cursor;
    cursor.begin(text, frontendEnd + 1);
    const isTls = text.charCodeAt(frontendEnd - 1) === tilde;
    const names = {
      frontend_name: this.#names.at(text, from, isTls ? frontendEnd - 1 : frontendEnd),
      backend_name: cursor.known(this.#names, '/'),
      server_name: cursor.known(this.#names, ' '),
    };
    const first = cursor.number();
    const second = cursor.number();
    const third = cursor.number();
    if (cursor.hasFailed) return undefined;
    const fields =
      cursor.stop === slash ? httpLine(cursor, names, [first, second, third]) : tcpLine(cursor, names, [first, second, third]);
    if (fields !== undefined && isTls) {
      const { tls } = fields;
      fields['tls'] = isObject(tls) ? { ...tls, established: true } : { established: true };
    }
    return fields;
  }
}

type Names = Readonly<Record<'frontend_name' | 'backend_name' | 'server_name', string>>;

/** `Tw/Tc/Tt bytes_read ts ac/fc/bc/sc/rc sq/bq` */
function tcpLine(
  cursor: LineCursor,
  names: Names,
  [queue, connect, total]: readonly [number, number, number],
): MutableFields | undefined {
  cursor.expectStop(space);
  const isIncomplete = cursor.hasPlus;
  const bytesRead = cursor.number();
  cursor.expectStop(space);
  const state = cursor.word(' ');
  const haproxy = proxyFields(cursor, names, { bytesRead, state });
  if (cursor.hasFailed || !Number.isNaN(cursor.stop)) return undefined;
  putTimes(haproxy, { queue, connect, isIncomplete });
  const fields: MutableFields = { haproxy };
  if (total >= 0) fields['event'] = { duration: total * nanosecondsOfMs };
  return fields;
}

/** `TR/Tw/Tc/Tr/Ta status bytes_read CC CS tsc ac/fc/bc/sc/rc sq/bq {hr} {hs} "request"` */
function httpLine(
  cursor: LineCursor,
  names: Names,
  [wait, queue, connect]: readonly [number, number, number],
): MutableFields | undefined {
  const answer = cursor.number();
  cursor.expectStop(slash);
  const active = cursor.number();
  cursor.expectStop(space);
  const isIncomplete = cursor.hasPlus;
  const status = cursor.number();
  cursor.expectStop(space);
  const bytesRead = cursor.number();
  cursor.expectStop(space);
  const requestCookie = cursor.word(' ');
  const responseCookie = cursor.word(' ');
  const state = cursor.word(' ');
  const haproxy = proxyFields(cursor, names, { bytesRead, state });
  cursor.expectStop(space);
  if (cursor.hasFailed) return undefined;

  const request: MutableFields = {};
  if (wait >= 0) request['time_wait_ms'] = wait;
  if (answer >= 0) request['time_wait_without_data_ms'] = answer;
  if (requestCookie !== '-') request['captured_cookie'] = requestCookie;
  const response: MutableFields = {};
  if (responseCookie !== '-') response['captured_cookie'] = responseCookie;
  if (cursor.text.charCodeAt(cursor.at) === brace) putCaptures(cursor, request, response);
  const fields: MutableFields = {};
  putRequest(cursor, fields, { request, status, bytesRead });
  if (cursor.hasFailed) return undefined;

  putTimes(haproxy, { queue, connect, isIncomplete });
  if (hasFields(request)) haproxy['http'] = hasFields(response) ? { request, response } : { request };
  else if (hasFields(response)) haproxy['http'] = { response };
  fields['haproxy'] = haproxy;
  if (active >= 0) fields['event'] = { duration: active * nanosecondsOfMs };
  if (cursor.at < cursor.text.length && !tlsSuffix(cursor.text, cursor.at, { fields, haproxy })) return undefined;
  return fields;
}

/** Goes on with `ac/fc/bc/sc/rc sq/bq`. */
function proxyFields(
  cursor: LineCursor,
  names: Names,
  { bytesRead, state }: { bytesRead: number; state: string },
): MutableFields {
  const active = cursor.number();
  const frontend = cursor.number();
  const backend = cursor.number();
  const server = cursor.number();
  cursor.expectStop(slash);
  const retries = cursor.number();
  cursor.expectStop(space);
  const isRedispatched = cursor.hasPlus;
  const serverQueue = cursor.number();
  cursor.expectStop(slash);
  const backendQueue = cursor.number();
  const haproxy: MutableFields = {
    frontend_name: names.frontend_name,
    backend_name: names.backend_name,
    server_name: names.server_name,
    bytes_read: bytesRead,
    termination_state: state,
    connections: { active, frontend, backend, server, retries },
    server_queue: serverQueue,
    backend_queue: backendQueue,
  };
  // After that many retries it went to another server than the one it was meant for.
  if (isRedispatched) haproxy['redispatched'] = true;
  return haproxy;
}

interface Times {
  readonly queue: number;
  readonly connect: number;
  /** `option logasap`: logged before the end, so times and bytes are not the last ones. */
  readonly isIncomplete: boolean;
}

function putTimes(haproxy: MutableFields, { queue, connect, isIncomplete }: Times): void {
  if (queue >= 0) haproxy['time_queue'] = queue;
  if (connect >= 0) haproxy['time_backend_connect'] = connect;
  if (isIncomplete) haproxy['incomplete'] = true;
}

/** A frontend that captures only headers of responses is told by nothing: one block is taken for the request's. */
function putCaptures(cursor: LineCursor, request: MutableFields, response: MutableFields): void {
  cursor.at += 1;
  putHeaders(request, cursor.word('}'));
  cursor.at += 1;
  if (cursor.text.charCodeAt(cursor.at) !== brace) return;
  cursor.at += 1;
  putHeaders(response, cursor.word('}'));
  cursor.at += 1;
}

function putHeaders(message: MutableFields, text: string): void {
  if (text !== '') message['captured_headers'] = capturedHeaders(text);
}

/** An empty text stands for a header that was not there, so that each has its place. */
export function capturedHeaders(text: string): string[] {
  return text.split('|').map(unescapedNumberSigns);
}

interface Exchange {
  readonly request: MutableFields;
  readonly status: number;
  readonly bytesRead: number;
}

/** A long one may be cut, without its closing quote. */
function putRequest(cursor: LineCursor, fields: MutableFields, { request, status, bytesRead }: Exchange): void {
  const { text, at } = cursor;
  if (text.charCodeAt(at) !== quote) {
    cursor.hasFailed = true;
    return;
  }
  const closing = text.indexOf('"', at + 1);
  const end = closing < 0 ? text.length : closing;
  const line = unescapedNumberSigns(text.slice(at + 1, end));
  const parsed = requestLine(line);
  cursor.at = closing < 0 ? end : end + 1;
  const response: MutableFields = status >= 0 ? { status_code: status, bytes: bytesRead } : { bytes: bytesRead };
  if (parsed === undefined) {
    fields['http'] = { response };
    if (line !== '') request['raw_request_line'] = cutText(line, 0);
    return;
  }
  const { method, target, version } = parsed;
  fields['http'] = version === undefined ? { request: { method }, response } : { request: { method }, version, response };
  fields['url'] = urlOf(target);
}

/** `frontend/bind: message` */
function errorLine(place: string, message: string): MutableFields | undefined {
  const bind = place.lastIndexOf('/');
  if (bind < 1) return undefined;
  return {
    haproxy: {
      frontend_name: cutText(place, 0, bind),
      bind_name: cutText(place, bind + 1, place.length - 1),
      error_message: message,
    },
  };
}

/** `Connect from 10.0.1.2:33312 to 10.0.3.31:8012 (www/HTTP)` */
function connectLine(text: string, from: number): HaproxyLine | undefined {
  const [, client = '', server = '', name = '', mode = ''] =
    /^Connect from (\S+) to (\S+) \((\S+)\/([A-Z]+)\)$/.exec(text.slice(from)) ?? [];
  const source = addressAndPort(client, 0, client.length);
  const destination = addressAndPort(server, 0, server.length);
  if (source === undefined || destination === undefined) return undefined;
  return { fields: { source, destination, haproxy: { frontend_name: name, mode } }, eventMs: undefined };
}

/** The number behind `unix:` is that of a socket, not a port. Undefined where it is no address. */
function addressAndPort(text: string, from: number, to: number): MutableFields | undefined {
  // For a few digits this is faster than lastIndexOf.
  let at = to - 1;
  while (at >= from && text.charCodeAt(at) !== colon) at -= 1;
  if (at < from) return undefined;
  const port = wholeNumber(text, at + 1, to);
  const address = cutText(text, from, at);
  if (address === '-') return port < 0 ? {} : { port };
  if (address === '' || port < 0) return undefined;
  return address === 'unix' ? { address } : endpoint(address, port);
}

function hasFields(fields: MutableFields): boolean {
  for (const name in fields) if (Object.hasOwn(fields, name)) return true;
  return false;
}
