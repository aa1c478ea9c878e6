/**
 * Every event that the agent tells about itself: its level and its words in the log, and its ECS categorisation. This is the only place
 * that names them; docs/PLATFORM-EVENTS.md describes each (checked by a test).
 *
 * Categories and types are those that ECS allows. `outcome` is there where something was tried.
 */
import type { LogLevel } from '@tributary/shared/log.ts';

export interface EventAction {
  readonly level: LogLevel;
  readonly message: string;
  readonly category: 'process' | 'configuration' | 'file' | 'host' | 'network' | 'session';
  readonly type: 'start' | 'end' | 'change' | 'access' | 'info' | 'error' | 'deletion' | 'connection' | 'denied';
  readonly outcome?: 'success' | 'failure';
}

function action(
  level: LogLevel,
  [category, type]: readonly [EventAction['category'], EventAction['type']],
  message: string,
  outcome?: EventAction['outcome'],
): EventAction {
  return outcome === undefined ? { level, category, type, message } : { level, category, type, message, outcome };
}

export const eventActions = {
  'agent-started': action('info', ['process', 'start'], 'the agent started'),
  'agent-stopped': action('info', ['process', 'end'], 'the agent stops'),
  'config-changed': action('info', ['configuration', 'change'], 'another configuration is in effect', 'success'),
  'config-refused': action(
    'error',
    ['configuration', 'denied'],
    'a changed configuration is refused; the one before goes on',
    'failure',
  ),
  'time-zone-unknown': action('warn', ['host', 'error'], 'the time zone that TZ names is not known here: UTC is used'),
  'clock-set-back': action('warn', ['host', 'change'], "the machine's clock was set back"),
  'clock-set-forward': action('warn', ['host', 'change'], "the machine's clock was set forward, or the machine slept"),
  'file-opened': action('info', ['file', 'access'], 'reading a file'),
  'file-rotated': action('info', ['file', 'change'], 'a file was rotated: it is read to its end'),
  'file-truncated': action(
    'warn',
    ['file', 'change'],
    'a file was truncated: it is read from its beginning as a new stream; what was read of it is kept',
  ),
  'file-replaced': action('info', ['file', 'change'], 'a file has other content: it is a new stream'),
  'file-finished': action('info', ['file', 'info'], 'a file is read to its end for good'),
  'source-skipped': action('info', ['file', 'info'], 'a path is left out'),
  'source-failed': action('error', ['file', 'error'], 'a source cannot be read; it is tried again', 'failure'),
  'source-recovered': action('info', ['file', 'info'], 'a source can be read again', 'success'),
  'source-started': action('info', ['process', 'start'], 'a command, container or unit that is followed came'),
  'source-ended': action('info', ['process', 'end'], 'a command, container or unit that is followed ended'),
  listening: action('info', ['network', 'start'], 'listening'),
  'input-failed': action('error', ['process', 'error'], 'an input broke; it starts again', 'failure'),
  'input-recovered': action('info', ['process', 'info'], 'an input that broke runs again', 'success'),
  'data-lost': action('error', ['file', 'deletion'], 'data is lost: it was or could have been read and will not arrive'),
  gap: action('error', ['session', 'deletion'], 'data is lost: the site will never get it'),
  'batch-rejected': action(
    'error',
    ['session', 'denied'],
    'no hub will take this batch: it is set aside in the buffer',
    'failure',
  ),
  'stream-replaced': action('warn', ['session', 'change'], 'the site has other content for a stream: it goes on as a new one'),
  'buffer-full': action(
    'warn',
    ['host', 'info'],
    'the buffer is full: files wait in place, other inputs as their `overflow` says',
  ),
  'buffer-has-room': action('info', ['host', 'info'], 'the buffer has room again'),
  'disk-full': action('error', ['host', 'error'], 'the disk of the buffer is full: nothing more is read until there is space'),
  'disk-has-room': action('info', ['host', 'info'], 'the disk of the buffer has space again'),
  'hub-found': action('info', ['network', 'connection'], 'connected to a hub', 'success'),
  'hub-lost': action('warn', ['network', 'end'], 'the connection to the hub ended; it is tried again', 'failure'),
  'hub-refused': action('error', ['session', 'denied'], 'the hub lets this agent not in; it tries again, seldom', 'failure'),
  'hub-untrusted': action('error', ['network', 'denied'], 'a hub is not who it says; nothing was said to it', 'failure'),
  'certificate-renewed': action('info', ['configuration', 'change'], 'the certificate of this agent was renewed', 'success'),
  'certificate-renewal-failed': action(
    'warn',
    ['configuration', 'info'],
    'the certificate of this agent could not be renewed; it is tried again',
    'failure',
  ),
  'certificate-expires': action('warn', ['configuration', 'info'], 'the certificate of this agent expires soon, or did'),
  'certificate-unusable': action(
    'warn',
    ['configuration', 'denied'],
    'changed certificates cannot be used; the ones before go on',
    'failure',
  ),
  'rotation-done': action('info', ['file', 'change'], 'a file was rotated by the agent', 'success'),
  'rotation-removed': action('info', ['file', 'deletion'], 'a rotated file was removed: a hub has all of it'),
  'rotation-blocked': action('warn', ['file', 'info'], 'rotation waits'),
  'rotation-expired': action('info', ['file', 'deletion'], 'a rotated file was removed that no hub has all of'),
  'rotation-failed': action('error', ['file', 'error'], 'a file cannot be rotated; it is tried again', 'failure'),
  'events-dropped': action('warn', ['process', 'info'], 'events of the agent could not be kept: there was no room'),
} as const satisfies Record<string, EventAction>;

export type EventActionName = keyof typeof eventActions;

export function isEventActionName(name: string): name is EventActionName {
  return Object.hasOwn(eventActions, name);
}

export const eventActionNames: readonly EventActionName[] = Object.keys(eventActions).filter(isEventActionName);
