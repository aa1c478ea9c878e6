/** What is written all the time, and is not any more: nothing fails, and only what is usual tells that something is wrong. */
import type { HabitsBed } from '../beds/habits-bed.ts';
import type { Fault } from '../fault.ts';

export const habitFaults: readonly Fault<HabitsBed>[] = [
  {
    name: 'log-silent',
    what: 'a program does not write its log file any more',
    mended: 'it writes again',
    make: ({ sources }) => void sources.delete('app'),
    repair: ({ sources }) => void sources.add('app'),
    node: 'agent/web/input/file-1',
    colour: 'yellow',
    reason: /app\.log of agent .*: nothing came since .*, which is longer than is usual/,
    also: ['channel/default/app'],
    unreal: 'what is usual is learned in seconds here, and in a day elsewhere',
  },
  {
    name: 'channel-silent',
    what: 'a device does not push any more',
    mended: 'it pushes again',
    make: ({ sources }) => void sources.delete('push'),
    repair: ({ sources }) => void sources.add('push'),
    node: 'channel/shop/push',
    colour: 'yellow',
    reason: /channel shop\/push: nothing came since .*, which is longer than is usual/,
    also: ['hub/one/listener/push *'],
    unreal: 'what is usual is learned in seconds here, and in a day elsewhere',
  },
];
