/**
 * Reads one direction of a WebSocket connection as bytes come: skips the HTTP head, then yields each data message whole.
 * Written against RFC 6455 and not with a library, as it must see frames that a library would never hand out: cut ones.
 * Control frames are skipped, fragments are joined; compressed messages are an error, since our two ends never ask for them.
 */
export class FrameReader {
  readonly #onMessage: (message: Buffer) => void;
  #rest: Buffer = Buffer.alloc(0);
  #inHead = true;
  #fragments: Buffer[] = [];

  constructor(onMessage: (message: Buffer) => void) {
    this.#onMessage = onMessage;
  }

  /** True when the bytes so far end within a frame. */
  get midFrame(): boolean {
    return this.#rest.length > 0;
  }

  push(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (this.#inHead) {
      const end = this.#rest.indexOf('\r\n\r\n');
      if (end === -1) return;
      this.#rest = this.#rest.subarray(end + 4);
      this.#inHead = false;
    }
    for (;;) {
      const frame = takeFrame(this.#rest);
      if (frame === undefined) return;
      this.#rest = this.#rest.subarray(frame.end);
      this.#take(frame);
    }
  }

  #take(frame: Frame): void {
    if (frame.compressed) throw new Error('a compressed WebSocket frame: the two ends must not negotiate compression');
    if (frame.opcode >= 8) return;
    this.#fragments.push(frame.payload);
    if (!frame.final) return;
    const message = this.#fragments.length === 1 ? frame.payload : Buffer.concat(this.#fragments);
    this.#fragments = [];
    this.#onMessage(message);
  }
}

interface Frame {
  readonly final: boolean;
  readonly compressed: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
  readonly end: number;
}

function takeFrame(bytes: Buffer): Frame | undefined {
  if (bytes.length < 2) return undefined;
  const first = bytes.readUInt8(0);
  const second = bytes.readUInt8(1);
  const short = second & 0x7f;
  const masked = (second & 0x80) !== 0;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const payloadStart = 2 + lengthBytes + (masked ? 4 : 0);
  if (bytes.length < payloadStart) return undefined;
  let length = short;
  if (lengthBytes === 2) length = bytes.readUInt16BE(2);
  if (lengthBytes === 8) length = Number(bytes.readBigUInt64BE(2));
  const end = payloadStart + length;
  if (bytes.length < end) return undefined;
  let payload = bytes.subarray(payloadStart, end);
  if (masked) payload = unmask(payload, bytes.subarray(payloadStart - 4, payloadStart));
  return { final: (first & 0x80) !== 0, compressed: (first & 0x40) !== 0, opcode: first & 0x0f, payload, end };
}

function unmask(payload: Buffer, key: Buffer): Buffer {
  const result = Buffer.allocUnsafe(payload.length);
  for (let index = 0; index < payload.length; index += 1) result[index] = (payload[index] ?? 0) ^ (key[index & 3] ?? 0);
  return result;
}
