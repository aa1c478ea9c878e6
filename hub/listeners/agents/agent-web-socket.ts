import { FrameError } from '@tributary/protocol/frame-error.ts';
import { assert } from '@tributary/shared/assert.ts';
import { WebSocket } from 'ws';

const messageTooBig = 1009;
/** What ws closes with by itself when the peer breaks the rules of WebSocket. */
const closedByLibrary: ReadonlySet<number | undefined> = new Set([1002, 1007, 1008, messageTooBig]);

interface Receiver {
  readonly _maxPayload: number;
  readonly _state: number;
  readonly _bufferedBytes: number;
  readonly _fragments: readonly unknown[];
}

const betweenFrames = 0;

function isReceiver(value: unknown): value is Receiver {
  if (typeof value !== 'object' || value === null) return false;
  const numbers = ['_maxPayload', '_state', '_bufferedBytes'].every((name) => typeof Reflect.get(value, name) === 'number');
  return numbers && Array.isArray(Reflect.get(value, '_fragments'));
}

/**
 * A WebSocket that says what the peer did wrong before it closes for it. ws sends its close frame before anybody hears of the
 * error, and nothing may follow a close frame: this is the last moment in which a Reject can be sent.
 */
export class AgentWebSocket extends WebSocket {
  onInvalid: ((error: FrameError) => void) | undefined;

  /** From now on messages may be so long. ws takes the limit once, at the handshake. */
  allowMessages(bytesMax: number): void {
    Reflect.set(this.#receiver(), '_maxPayload', bytesMax);
  }

  /** Whether a part of a message, or of a frame, has come whose rest has not. */
  get isAmidMessage(): boolean {
    if (this.readyState !== WebSocket.OPEN) return false;
    const { _state: state, _bufferedBytes: buffered, _fragments: fragments } = this.#receiver();
    return state !== betweenFrames || buffered > 0 || fragments.length > 0;
  }

  /** ws keeps what is asked for here in fields that are not public: this fails loudly should it ever keep it elsewhere. */
  #receiver(): Receiver {
    const receiver: unknown = Reflect.get(this, '_receiver');
    assert(isReceiver(receiver), 'ws keeps what it has received where it always did');
    return receiver;
  }

  override close(code?: number, data?: string | Buffer): void {
    // A close that answers the peer's comes with the peer's reason.
    if (data === undefined && closedByLibrary.has(code) && this.readyState === WebSocket.OPEN) {
      const told = this.onInvalid;
      this.onInvalid = undefined;
      told?.(
        code === messageTooBig
          ? new FrameError('limit', 'a message far over the limit of a frame')
          : new FrameError('malformed', `not as WebSocket has it (close code ${code})`),
      );
    }
    super.close(code, data);
  }
}
