/** Who paused a group and when: noted in the registry beside the queue's own flag, so that every hub of the site can say it. */
import * as z from 'zod';
import type { TopicName } from '../queue/queue.ts';

const noted = z.strictObject({ by: z.string(), atMs: z.number() });

export type PauseNote = z.output<typeof noted>;

export function pauseNoteKey(topic: TopicName, group: string): string {
  return `paused ${topic} ${group}`;
}

export function pauseNote(note: PauseNote): string {
  return JSON.stringify(note);
}

export function readPauseNote(text: string | undefined): PauseNote | undefined {
  if (text === undefined || text === '') return undefined;
  return noted.safeParse(JSON.parse(text)).data;
}
