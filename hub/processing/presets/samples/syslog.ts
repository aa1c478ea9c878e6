import type { PresetSample } from './preset-sample.ts';

/** Examples of RFC 3164 (5.4) and RFC 5424 (6.5), and a line of systemd as rsyslog writes it to a file. */
export const syslogSamples: readonly PresetSample[] = [
  {
    line: "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
    time: '2026-10-11T22:14:15.000Z',
    document: {
      log: {
        level: 'critical',
        syslog: {
          priority: 34,
          facility: { code: 4, name: 'auth' },
          severity: { code: 2, name: 'Critical' },
          hostname: 'mymachine',
          appname: 'su',
        },
      },
      process: { name: 'su' },
      message: "'su root' failed for lonvick on /dev/pts/8",
      event: { kind: 'event', module: 'system', dataset: 'system.syslog', severity: 2 },
    },
  },
  {
    line: '<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"] An application event log entry',
    time: '2003-10-11T22:14:15.003Z',
    document: {
      log: {
        level: 'notice',
        syslog: {
          priority: 165,
          facility: { code: 20, name: 'local4' },
          severity: { code: 5, name: 'Notice' },
          hostname: 'mymachine.example.com',
          appname: 'evntslog',
          msgid: 'ID47',
          version: '1',
          structured_data: { 'exampleSDID@32473': { iut: '3', eventSource: 'Application', eventID: '1011' } },
        },
      },
      process: { name: 'evntslog' },
      message: 'An application event log entry',
      event: { kind: 'event', module: 'system', dataset: 'system.syslog', severity: 5 },
    },
  },
  {
    line: 'Nov 22 04:05:06 web-1 systemd[1]: Started Daily apt upgrade and clean activities.',
    time: '2026-11-22T04:05:06.000Z',
    document: {
      log: { syslog: { hostname: 'web-1', appname: 'systemd', procid: '1' } },
      process: { name: 'systemd', pid: 1 },
      message: 'Started Daily apt upgrade and clean activities.',
      event: { kind: 'event', module: 'system', dataset: 'system.syslog' },
    },
  },
  {
    line: 'no header at all',
    type: 'errors',
    document: {
      error: { message: 'it is no line of syslog: it has neither a priority nor a time', type: 'no_match' },
      tributary: { pipeline: { name: 'syslog', step: 'syslog' } },
    },
  },
];
