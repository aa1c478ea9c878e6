/**
 * An object's name is made from its place (invariant 5): the same plan always writes the same file. It begins with the store's id,
 * so that a store which was lost and made anew never overwrites what the one before it wrote.
 */
import { hash, randomBytes } from 'node:crypto';
import type { ChannelName, Id } from '@tributary/protocol/messages.ts';
import { extensionOf, type Compression } from './frame-codec.ts';

/**
 * What names begin with. A store that went back gives sequences out a second time, for other entries: under another generation it has another
 * id here, so that no name ever means two things.
 */
export function storeIdInNames(storeId: Id, generation: number): Id {
  return generation === 0 ? storeId : hash('sha256', `${storeId} ${generation}`, 'hex').slice(0, storeId.length);
}

export interface ObjectPlace {
  readonly channel: ChannelName;
  readonly storeId: Id;
  readonly partition: number;
  readonly first: number;
  readonly last: number;
  /** Receive time of the first entry: chooses the hour's folder. */
  readonly receivedMs: number;
  readonly compression: Compression;
  readonly encrypted: boolean;
}

const encryptedExtension = '.enc';
const extension = /\.csv\.(zst|gz)(\.enc)?$/;

/** Relative to the archive folder: `<tenant>/<type>/YYYY/MM/DD/HH/<store>-<partition>-<first>-<last>.csv.zst`, and `.enc` behind it. */
export function objectName(place: ObjectPlace): string {
  const { channel, storeId, partition, first, last, receivedMs, compression, encrypted } = place;
  const hour = new Date(receivedMs).toISOString().slice(0, 13).replaceAll(/[-T]/g, '/');
  return `${channel}/${hour}/${storeId}-${partition}-${first}-${last}${extensionOf(compression)}${encrypted ? encryptedExtension : ''}`;
}

/** Beside each object. */
export function manifestName(name: string): string {
  return name.replace(extension, '.json');
}

/** For an object whose name another one needs (object-writer.ts). */
export function keptName(name: string, sha256: string): string {
  return name.replace(extension, (end) => `-kept-${sha256.slice(0, 12)}${end}`);
}

/** The name that an object was written under. */
export function originalName(name: string): string {
  return name.replace(/-kept-[0-9a-f]{12}(?=\.)/, '');
}

/** Without what its name ends with. */
export function bareName(name: string): string {
  return name.replace(extension, '');
}

export function isObjectName(name: string): boolean {
  return extension.test(name) && !isTemporaryName(name);
}

/** Its frames are (frame-cipher.ts). */
export function isEncrypted(name: string): boolean {
  return name.endsWith(encryptedExtension);
}

/** A hub that was stopped may go on with an object that another one has begun meanwhile: they write files of their own. */
const writer = randomBytes(4).toString('hex');

/** In the same folder as what it becomes, so that the rename is one step. */
export function temporaryName(fileName: string): string {
  return `.${fileName}.${writer}.tmp`;
}

export function isTemporaryName(fileName: string): boolean {
  return fileName.startsWith('.') && fileName.endsWith('.tmp');
}
