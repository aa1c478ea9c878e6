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
    reason:
      /app\.log of agent .* on .*: nothing came since .*, which is longer than is usual .*; see whether what writes it runs/,
    also: { 'channel/default/app': /channel default\/app: nothing came since/ },
    unreal:
      'what is usual is learned in seconds here, and in a day elsewhere; a silence of seven seconds is told here, by default one of two minutes at least',
  },
  {
    name: 'channel-silent',
    what: 'a device does not push any more',
    mended: 'it pushes again',
    make: ({ sources }) => void sources.delete('push'),
    repair: ({ sources }) => void sources.add('push'),
    node: 'channel/shop/push',
    colour: 'yellow',
    reason: /channel shop\/push: nothing came since .*, which is longer than is usual .*; see whether those who write it run/,
    also: { 'hub/one/listener/push *': /listener push .*: nothing came since/ },
    unreal:
      'what is usual is learned in seconds here, and in a day elsewhere; a silence of seven seconds is told here, by default one of two minutes at least',
  },
];
