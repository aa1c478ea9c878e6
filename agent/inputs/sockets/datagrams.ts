/** What a source of datagrams hands over, whichever way it reads them. */
import type { Cut } from '@tributary/protocol/messages.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import type { DatagramAddress } from './listen-address.ts';

/** Records of one sender, one after the other. */
export interface DatagramRun {
  /** Address of the sender without its port; '' when it has none. */
  readonly sender: string;
  readonly bytes: number;
  readonly lengths: readonly number[];
  readonly cuts: readonly Cut[];
}

/** What came to one socket; the runs' bytes lie one after the other. Valid until `release` was called. */
export interface DatagramBlock {
  readonly socket: number;
  readonly bytes: Uint8Array;
  readonly runs: readonly DatagramRun[];
  /** Gives the memory back, to be filled again. Called once. */
  release(): void;
}

export interface DatagramLoss {
  readonly socket: number;
  readonly cause: 'socket-full' | 'too-large';
  /** 0 where nobody knows. */
  readonly bytes: number;
  readonly records: number;
}

export interface DatagramHandlers {
  /** In the order in which they came, per socket. */
  onBlock(block: DatagramBlock): void;
  onLost(loss: DatagramLoss): void;
  /** It broke: nothing more comes. Called at most once. */
  onFailed(error: Error): void;
}

/** Sockets that datagrams come to. */
export interface DatagramSource {
  /** The address of each socket; its port is the one that the system chose where 0 was asked for. */
  readonly addresses: readonly DatagramAddress[];
  /** Takes what came until now, hands it over, and closes the sockets. */
  stop(): Promise<void>;
}

export interface DatagramSourceOptions {
  readonly addresses: readonly DatagramAddress[];
  /** How many sockets each UDP address gets, each read by a thread of its own. */
  readonly sockets: number;
  readonly recordBytesMax: number;
  readonly receiveBufferBytes: number;
  /** Mode of a unix socket. */
  readonly socketMode: number;
  readonly clock: Clock;
  readonly handlers: DatagramHandlers;
}
