/**
 * Regular expressions are tried here and not on the page: one that backtracks without end, which a link may bring, would otherwise stop
 * the page for good. The page ends this worker when it answers too late.
 */
import { believed } from '../data/api.ts';
import type { Asked } from './asked.ts';
import { type Mark, markPattern, marksOf } from './marks.ts';

export interface MarkRequest {
  readonly pattern: Pick<Asked, 'mode' | 'pattern' | 'ignoreCase'>;
  readonly lines: readonly string[];
}
/** Of each line, in the same order. */
export type MarkAnswer = readonly (readonly Mark[])[];

self.addEventListener('message', (event) => {
  const { pattern, lines } = believed<MarkRequest>(event.data);
  const found = markPattern(pattern);
  const answer: MarkAnswer = lines.map((line) => (found === undefined ? [] : marksOf(line, found)));
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's has none
  self.postMessage(answer);
});
