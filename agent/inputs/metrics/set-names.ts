/** The metric sets, as the configuration names them. */
export const setNames = [
  'cpu',
  'load',
  'memory',
  'diskio',
  'filesystem',
  'network',
  'process',
  'socket_summary',
  'uptime',
  'host',
] as const;

export type SetName = (typeof setNames)[number];
