import type { Mark, SourceIdentity } from '@tributary/protocol/messages.ts';

/**
 * Looks at the source of a stream itself: the mark at `position`; undefined when the source is gone, is another one now, or is
 * shorter. Asked a few times in a life, when the site's word and ours differ.
 */
export type SourceMark = (identity: SourceIdentity, position: number) => Mark | undefined;
