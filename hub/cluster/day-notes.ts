/** What the hubs of a site tell each other of one day, such as how much came in: each keeps its own, nobody writes another's. */
import type { Id } from '@tributary/protocol/messages.ts';

export interface DayNotes {
  /** By hub, this one's among them as far as the store has it; also of hubs that are away now. Of this day only. */
  read(day: number): Promise<ReadonlyMap<Id, string>>;
  /** Puts this hub's in place of what it told before; what is of earlier days goes. Answers as `read` does. */
  write(day: number, text: string): Promise<ReadonlyMap<Id, string>>;
}
