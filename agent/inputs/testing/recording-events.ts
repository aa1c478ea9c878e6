import type { InputEvents } from '../input.ts';

export type RecordedEvent = readonly [name: keyof InputEvents, path: string, detail?: unknown];

/** Events that are appended to `events`, each with what a test may want to look at. */
export function recordingEvents(events: RecordedEvent[]): InputEvents {
  return {
    fileOpened: (path, _streamId, position) => void events.push(['fileOpened', path, position]),
    fileRotated: (path) => void events.push(['fileRotated', path]),
    fileTruncated: (path, _streamId, readTo) => void events.push(['fileTruncated', path, readTo]),
    fileReplaced: (path, _streamId, reason) => void events.push(['fileReplaced', path, reason]),
    fileFinished: (path, _streamId, position) => void events.push(['fileFinished', path, position]),
    sourceSkipped: (path, reason) => void events.push(['sourceSkipped', path, reason]),
    sourceFailed: (path, error) => void events.push(['sourceFailed', path, error]),
    sourceRecovered: (path) => void events.push(['sourceRecovered', path]),
    lost: ({ path, ...loss }) => void events.push(['lost', path, loss]),
    filtered: (counts) => void events.push(['filtered', '', counts]),
    listening: (input, address) => void events.push(['listening', input, address]),
    sourceStarted: (path, detail) => void events.push(['sourceStarted', path, detail]),
    sourceEnded: (path, detail) => void events.push(['sourceEnded', path, detail]),
  };
}
