/** What the links have to say, once each time it changes: a master that is away is tried again many times a second. */
import type { Logger } from '@tributary/shared/log.ts';
import type { LinkEvents } from './master-link.ts';

export function linkLog(logger: Logger): LinkEvents {
  const told = new Set<string>();
  let trouble = '';
  const once = (sentence: string): void => {
    if (told.has(sentence)) return;
    // Sentences hold numbers, so that there may be many.
    if (told.size > 100) told.clear();
    told.add(sentence);
    logger.warn(sentence);
  };
  return {
    connected: (where, runId) => {
      trouble = '';
      logger.info('connected to a Redis master', { where, runId });
    },
    warned: once,
    trouble: (error) => {
      const sentence = error instanceof Error ? error.message : 'unknown';
      if (sentence === trouble) return;
      trouble = sentence;
      logger.warn(`${sentence}; it is tried again`);
    },
    libraryReplaced: (where, name) => {
      logger.warn('a library of functions in Redis was another one than ours and was replaced', { where, name });
    },
  };
}
