/** The listeners of this hub as the tree of health names them, and what each of them took. */
import type { IntakeStatus } from '../intake/intake.ts';
import type { HubStatus } from '../status/hub-status.ts';
import type { Counters } from '../status/rates.ts';

export interface TakingListener {
  readonly name: string;
  /** Since its start. */
  readonly counters: Counters;
  readonly refused: number;
}

/** How fast it takes what comes, per second. */
export interface ListenerRate extends Counters {
  readonly name: string;
}

export function listenersOf(
  { agents, http, push = [], beats_redis: beats = [] }: HubStatus['listeners'],
  intake: IntakeStatus['counters'],
): TakingListener[] {
  return [
    ...(agents === undefined ? [] : [{ name: 'agents', counters: intake, refused: 0 }]),
    ...(http === undefined ? [] : [{ name: 'http', counters: http, refused: http.refused }]),
    ...push.map((one) => ({ name: `push ${one.address}`, counters: one, refused: one.refused })),
    ...beats.map((one) => ({ name: `beats ${one.key}`, counters: { records: one.events, bytes: one.bytes }, refused: 0 })),
  ];
}
