/**
 * Looks at a body without inflating it (RFC 8878): it is one zstd frame, whole, and what its headers say of its inflated size and of the
 * memory it takes is within what its batch declares. So a bomb is refused by what it declares before it is stored; the worker that inflates
 * it holds it to its real size. A second frame may follow that holds nothing: Node's zlib adds one where its output ends exactly with a
 * chunk, so agents have such bodies in their buffers.
 *
 * frame: magic 4 · descriptor 1 · window 0–1 · dictionary id 0–4 · content size 0–8 · blocks (header 3, content) … · checksum 0–4
 */
export interface BodyProblem {
  readonly reason: 'corrupt' | 'too-large';
  readonly hint: string;
}

/** What the worker's decoder allows as well (processing/limits.ts). */
const windowBytesMax = 8 * 1024 * 1024;
const magic = 0xfd2fb528;
const blockBytesMax = 128 * 1024;
const [rawBlock, runLengthBlock, compressedBlock] = [0, 1, 2];

export function bodyProblem(body: Uint8Array, inflatedBytes: number): BodyProblem | undefined {
  const header = readHeader(body);
  if (typeof header === 'string') return corrupt(header);
  if (header.windowBytes > windowBytesMax)
    return tooLarge(`it takes a window of ${header.windowBytes} bytes, over ${windowBytesMax}`);
  const { contentBytes } = header;
  if (contentBytes !== undefined && contentBytes !== BigInt(inflatedBytes)) {
    const hint = `it says that it inflates to ${contentBytes} bytes, its batch says ${inflatedBytes}`;
    return contentBytes > inflatedBytes ? tooLarge(hint) : corrupt(hint);
  }
  return blocksProblem(body, header, inflatedBytes);
}

/** What its first frame declares to inflate to; undefined: it declares nothing, or is no frame. */
export function declaredBytes(body: Uint8Array): number | undefined {
  const header = readHeader(body);
  return typeof header === 'string' || header.contentBytes === undefined ? undefined : Number(header.contentBytes);
}

interface Header {
  /** Where the first block is. */
  readonly end: number;
  readonly windowBytes: number;
  readonly contentBytes: bigint | undefined;
  readonly checksumBytes: number;
}

function readHeader(body: Uint8Array): Header | string {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  if (body.length < 6 || view.getUint32(0, true) !== magic) return 'it does not begin as a zstd frame';
  const descriptor = view.getUint8(4);
  if ((descriptor & 0b1000) !== 0) return 'its header has a bit that zstd does not have';
  if ((descriptor & 0b11) !== 0) return 'it needs a dictionary';
  const isSingleSegment = (descriptor & 0b10_0000) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 ? (isSingleSegment ? 1 : 0) : 1 << sizeFlag;
  const sizeAt = isSingleSegment ? 5 : 6;
  const end = sizeAt + sizeBytes;
  if (body.length < end) return 'its header is cut off';
  const contentBytes = sizeBytes === 0 ? undefined : readSize(view, sizeAt, sizeBytes);
  const windowBytes = isSingleSegment ? Number(contentBytes ?? 0n) : windowOf(view.getUint8(5));
  return { end, windowBytes, contentBytes, checksumBytes: (descriptor & 0b100) === 0 ? 0 : 4 };
}

function readSize(view: DataView, at: number, bytes: number): bigint {
  if (bytes === 1) return BigInt(view.getUint8(at));
  // A size of two bytes begins where one byte ends.
  if (bytes === 2) return BigInt(view.getUint16(at, true) + 256);
  return bytes === 4 ? BigInt(view.getUint32(at, true)) : view.getBigUint64(at, true);
}

function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 0b111);
}

/** Blocks tell where they end, and the plain ones how much they hold: that much is known of the real size before anything is inflated. */
function blocksProblem(body: Uint8Array, { end, checksumBytes }: Header, inflatedBytes: number): BodyProblem | undefined {
  let at = end;
  let known = 0;
  for (let isLast = false; !isLast;) {
    if (at + 3 > body.length) return corrupt('it is cut off');
    const header = (body[at] ?? 0) | ((body[at + 1] ?? 0) << 8) | ((body[at + 2] ?? 0) << 16);
    const type = (header >> 1) & 0b11;
    const size = header >> 3;
    isLast = (header & 1) === 1;
    if (size > blockBytesMax) return corrupt('a block of it is longer than zstd has them');
    if (type !== rawBlock && type !== runLengthBlock && type !== compressedBlock)
      return corrupt('a block of it is of no kind that zstd has');
    if (type !== compressedBlock) known += size;
    if (known > inflatedBytes) return tooLarge(`it inflates to more than the ${inflatedBytes} bytes that its batch says`);
    at += 3 + (type === runLengthBlock ? 1 : size);
  }
  if (at + checksumBytes > body.length) return corrupt('it is cut off');
  const rest = body.subarray(at + checksumBytes);
  return rest.length === 0 || isEmptyFrame(rest) ? undefined : corrupt('something follows its one zstd frame');
}

function isEmptyFrame(bytes: Uint8Array): boolean {
  const header = readHeader(bytes);
  if (typeof header === 'string' || header.contentBytes !== 0n) return false;
  const { end, checksumBytes } = header;
  // One block, the last, raw and of no bytes.
  const [first, ...size] = bytes.subarray(end, end + 3);
  return first === 1 && size.every((byte) => byte === 0) && bytes.length === end + 3 + checksumBytes;
}

function corrupt(what: string): BodyProblem {
  return { reason: 'corrupt', hint: `the body: ${what}` };
}

function tooLarge(what: string): BodyProblem {
  return { reason: 'too-large', hint: `the body: ${what}` };
}
