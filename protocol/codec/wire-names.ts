/** The words of messages.ts and their numbers on the wire. */
import { assert } from '@tributary/shared/assert.ts';
import { FrameError } from '../frame-error.ts';
import { CutCause, GapCause, RefuseReason, RejectCode, Sender } from '../generated/tributary_pb.ts';
import type * as messages from '../messages.ts';

/** Both directions of one enumeration. */
export interface WireNames<Name extends string, Value extends number> {
  toWire(name: Name): Value;
  /** Throws a FrameError on a number without a name. `field` is named in it. */
  fromWire(value: number, field: string): Name;
}

function wireNames<Name extends string, Value extends number>(numbers: Readonly<Record<Name, Value>>): WireNames<Name, Value> {
  const names = new Map<number, Name>();
  for (const name in numbers) names.set(numbers[name], name);
  return {
    toWire: (name) => {
      const value: Value | undefined = numbers[name];
      assert(value !== undefined, `${name} has a number on the wire`);
      return value;
    },
    fromWire: (value, field) => {
      const name = names.get(value);
      if (name === undefined) throw new FrameError('malformed', `${field}: ${value} has no meaning`);
      return name;
    },
  };
}

export const senderNames: WireNames<messages.Hello['sender'], Sender> = wireNames({ agent: Sender.AGENT, hub: Sender.HUB });

export const cutCauseNames: WireNames<messages.CutCause, CutCause> = wireNames({
  'too-long': CutCause.TOO_LONG,
  idle: CutCause.IDLE,
  end: CutCause.END,
});

export const refuseReasonNames: WireNames<messages.RefuseReason, RefuseReason> = wireNames({
  position: RefuseReason.POSITION,
  busy: RefuseReason.BUSY,
  corrupt: RefuseReason.CORRUPT,
  'too-large': RefuseReason.TOO_LARGE,
  forbidden: RefuseReason.FORBIDDEN,
});

export const gapCauseNames: WireNames<messages.GapCause, GapCause> = wireNames({
  'buffer-lost': GapCause.BUFFER_LOST,
  'buffer-damaged': GapCause.BUFFER_DAMAGED,
  dropped: GapCause.DROPPED,
  'replay-expired': GapCause.REPLAY_EXPIRED,
  'source-lost': GapCause.SOURCE_LOST,
  rejected: GapCause.REJECTED,
  'store-lost': GapCause.STORE_LOST,
  'other-way': GapCause.OTHER_WAY,
});

export const rejectCodeNames: WireNames<messages.RejectCode, RejectCode> = wireNames({
  version: RejectCode.VERSION,
  unauthorized: RejectCode.UNAUTHORIZED,
  clone: RejectCode.CLONE,
  superseded: RejectCode.SUPERSEDED,
  protocol: RejectCode.PROTOCOL,
  limit: RejectCode.LIMIT,
  unavailable: RejectCode.UNAVAILABLE,
  shutdown: RejectCode.SHUTDOWN,
});
