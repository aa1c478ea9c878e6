/**
 * The objects of one channel and partition are a chain: each manifest names the link of the one before it, and its own link is a hash over that
 * and all that the manifest says, the object's checksum among it. So nothing in the middle can be altered, taken out or put in without the next
 * link telling. A partition is written by one hub at a time, so hubs that archive side by side need no lock for it.
 */
import { hash } from 'node:crypto';

export interface ChainPlace {
  /** 1, 2, 3… */
  readonly number: number;
  /** Link of the one before it; empty for the first. */
  readonly previous: string;
}

export interface ChainLink {
  readonly number: number;
  readonly link: string;
}

/** `manifest` without its place in the chain. */
export function linkOf(manifest: object, { number, previous }: ChainPlace): string {
  return hash('sha256', `tributary archive chain 1\n${number}\n${previous}\n${JSON.stringify(manifest)}`, 'hex');
}

/** The place behind a link. */
export function placeBehind(last: ChainLink | undefined): ChainPlace {
  return { number: (last?.number ?? 0) + 1, previous: last?.link ?? '' };
}
