import { FrameError } from '@tributary/protocol/frame-error.ts';
import { assert } from '@tributary/shared/assert.ts';
import { WebSocket } from 'ws';

const messageTooBig = 1009;
/** What ws closes with by itself when the peer breaks the rules of WebSocket. */
const closedByLibrary: ReadonlySet<number | undefined> = new Set([1002, 1007, 1008, messageTooBig]);

/**
 * A WebSocket that says what the peer did wrong before it closes for it. ws sends its close frame before anybody hears of the
 * error, and nothing may follow a close frame: this is the last moment in which a Reject can be sent.
 */
export class AgentWebSocket extends WebSocket {
  onInvalid: ((error: FrameError) => void) | undefined;

  /**
   * From now on messages may be so long. ws takes the limit once, at the handshake; it keeps it in a field that is not public, so
   * that this fails loudly should ws ever keep it elsewhere.
   */
  allowMessages(bytesMax: number): void {
    const receiver: unknown = Reflect.get(this, '_receiver');
    assert(
      typeof receiver === 'object' && receiver !== null && '_maxPayload' in receiver,
      'ws keeps the limit of a message here',
    );
    Reflect.set(receiver, '_maxPayload', bytesMax);
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
