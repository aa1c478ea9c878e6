/**
 * Reads DER, as far as a PKCS#12 file needs it: tags of one byte, definite lengths. Every length is checked against what is there, so
 * nothing is read beyond the bytes given.
 */
export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  /** With tag and length. */
  readonly whole: Uint8Array;
}

export class DerError extends Error {
  override readonly name = 'DerError';
  readonly code = 'DER';
}

export const derTag = { integer: 0x02, octetString: 0x04, oid: 0x06, sequence: 0x30, context0: 0x80, explicit0: 0xa0 } as const;

const lengthBytesMax = 4;

/** The one element that `bytes` are, which has to have this tag. */
export function readDer(bytes: Uint8Array, tag: number): DerElement {
  const [element, ...more] = elementsOf(bytes);
  if (element === undefined || more.length > 0) throw new DerError('one element was expected');
  return expectTag(element, tag);
}

/** What a SEQUENCE or SET holds. */
export function childrenOf(element: DerElement): DerElement[] {
  return elementsOf(element.content);
}

/** The child at `index`, which has to be there and to have this tag. */
export function childAt(element: DerElement, index: number, tag: number): DerElement {
  const child = childrenOf(element)[index];
  if (child === undefined) throw new DerError('an element is missing');
  return expectTag(child, tag);
}

/** Small numbers only: counts and lengths. */
export function smallInteger({ tag, content }: DerElement): number {
  const isSmall = tag === derTag.integer && content.length > 0 && content.length <= lengthBytesMax;
  if (!isSmall || ((content[0] ?? 0) & 0x80) !== 0) throw new DerError('a small number was expected');
  return content.reduce((value, byte) => value * 256 + byte, 0);
}

/** `1.2.840.113549` and so on. */
export function oidText({ tag, content }: DerElement): string {
  if (tag !== derTag.oid || content.length === 0 || content.length > 64) throw new DerError('an object identifier was expected');
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f);
    if ((byte & 0x80) !== 0) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [first = 0, ...rest] = arcs;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...rest].join('.');
}

function expectTag(element: DerElement, tag: number): DerElement {
  if (element.tag !== tag) throw new DerError(`the tag 0x${tag.toString(16)} was expected, not 0x${element.tag.toString(16)}`);
  return element;
}

function elementsOf(bytes: Uint8Array): DerElement[] {
  const elements: DerElement[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const element = elementAt(bytes, offset);
    elements.push(element);
    offset += element.whole.length;
  }
  return elements;
}

function elementAt(bytes: Uint8Array, offset: number): DerElement {
  const tag = bytes[offset];
  const first = bytes[offset + 1];
  if (tag === undefined || first === undefined) throw new DerError('it ends too early');
  if ((tag & 0x1f) === 0x1f) throw new DerError('it has a tag of several bytes');
  let length = first;
  let begin = offset + 2;
  if (first >= 0x80) {
    const lengthBytes = first & 0x7f;
    if (lengthBytes === 0 || lengthBytes > lengthBytesMax) throw new DerError('it has a length that DER does not have');
    length = 0;
    for (const byte of bytes.subarray(begin, begin + lengthBytes)) length = length * 256 + byte;
    begin += lengthBytes;
  }
  const end = begin + length;
  if (end > bytes.length) throw new DerError('it ends too early');
  return { tag, content: bytes.subarray(begin, end), whole: bytes.subarray(offset, end) };
}
