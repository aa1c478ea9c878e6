/** What an error that Redis answers means for the call that it answers. */
import { printable } from '@tributary/shared/printable.ts';
import { parseHostPort, type HostPort } from '@tributary/shared/network/listen-address.ts';

/** Redis answered, and what it answered is an error. */
export class ServerReplyError extends Error {
  override readonly name = 'ServerReplyError';
  /** The first word. */
  readonly code: string;
  constructor(message: string) {
    super(printable(message).slice(0, 500));
    this.code = /^[A-Z]+/.exec(message)?.[0] ?? 'ERR';
  }
}

/** The connection is gone, and what was asked and not answered may have been done. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';
}

/** This server is not to be used; the message says why and what to do. */
export class ServerRefusedError extends Error {
  override readonly name = 'ServerRefusedError';
  readonly kind: 'version' | 'mode' | 'loading' | 'not-master' | 'volatile' | 'rights';
  constructor(kind: ServerRefusedError['kind'], message: string, cause?: ServerReplyError) {
    super(message, { cause });
    this.kind = kind;
  }
}

export type Meaning =
  /** Another master has the slot. */
  | { readonly kind: 'moved'; readonly to: HostPort | undefined }
  /** The slot is on its way, and this key went before. */
  | { readonly kind: 'ask'; readonly to: HostPort }
  /** Nothing was done, and soon it can be. */
  | { readonly kind: 'again' }
  /** This is no master any more. */
  | { readonly kind: 'not-master' }
  | { readonly kind: 'no-function' }
  | { readonly kind: 'memory' }
  | { readonly kind: 'refused' };

const meanings: Readonly<Record<string, Meaning['kind'] & ('again' | 'not-master' | 'memory')>> = {
  TRYAGAIN: 'again',
  CLUSTERDOWN: 'again',
  LOADING: 'again',
  BUSY: 'again',
  MASTERDOWN: 'again',
  NOREPLICAS: 'again',
  MISCONF: 'again',
  READONLY: 'not-master',
  OOM: 'memory',
};

export function meaningOf({ code, message }: ServerReplyError): Meaning {
  const [, , target = ''] = message.split(' ');
  if (code === 'MOVED') return { kind: 'moved', to: parseHostPort(target) };
  if (code === 'ASK') {
    const to = parseHostPort(target);
    return to === undefined ? { kind: 'again' } : { kind: 'ask', to };
  }
  if (message.startsWith('ERR Function not found')) return { kind: 'no-function' };
  return { kind: meanings[code] ?? 'refused' };
}

/** A sentence of why a server that answers takes nothing at the moment. */
export function hintOf({ code, message }: ServerReplyError, where: string): string {
  switch (code) {
    case 'NOREPLICAS':
      return `Redis at ${where} has fewer replicas in time than its min-replicas-to-write asks for: look at its replicas with INFO replication`;
    case 'MISCONF':
      return `Redis at ${where} cannot write to its disk: ${message}`;
    case 'CLUSTERDOWN':
      return `Redis at ${where} says that the cluster is down: look at it with CLUSTER INFO and CLUSTER NODES`;
    case 'LOADING':
      return `Redis at ${where} is still reading its data`;
    case 'NOAUTH':
    case 'WRONGPASS':
      return `Redis at ${where} refuses the name or password: set queue.redis.username and queue.redis.password to those of an ACL user, or of requirepass`;
    case 'NOPERM':
      return `Redis at ${where} denies the user of queue.redis something it needs (docs/operating/redis.md has the ACL rule): ${message}`;
    default:
      return `Redis at ${where} answered: ${message}`;
  }
}
