/**
 * The client's side of a WebSocket as bytes, so that frames can be sent that no library would send: RFC 6455 by hand, as the
 * FrameReader is for the other direction.
 */
import { randomBytes } from 'node:crypto';
import type { Random } from '../random.ts';

export function upgradeRequest(path: string): Buffer {
  const lines = [
    `GET ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}

/** A whole binary message in one frame. The mask is zero: it is there, as the RFC asks, and changes nothing. */
export function clientFrame(payload: Uint8Array): Buffer {
  const { length } = payload;
  const head = length < 126 ? Buffer.alloc(6) : length < 65_536 ? Buffer.alloc(8) : Buffer.alloc(14);
  head[0] = 0x82;
  if (length < 126) head[1] = 0x80 | length;
  else if (length < 65_536) {
    head[1] = 0x80 | 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 0x80 | 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}

/** A frame whose own head is wrong: reserved bits and opcodes, no mask, lengths that are not there. */
export function spoiltClientFrame(payload: Uint8Array, random: Random): Buffer {
  const frame = clientFrame(payload);
  frame[0] = random.below(256);
  if (random.chance(0.5)) frame[1] = random.below(256);
  if (random.chance(0.3) && frame.length > 10) frame.writeUInt32BE(random.next(), 2);
  return frame;
}
