/** How agents and hubs are, and what people did to them (docs/PLATFORM-EVENTS.md). */
import { by, type Board, count, numbers, valueOf } from '../chart.ts';
import { all, has, is, not } from '../condition.ts';

const action = by('event.action', 'Event', 20);
const half = { width: 24, height: 12 } as const;

export const platformHealth: Board = {
  name: 'platform',
  title: 'Platform health',
  description: 'What agents and hubs tell of themselves: findings, losses, refusals, full buffers, certificates, lost hubs.',
  view: 'platform',
  only: all(is('event.module', 'tributary'), not(has('tributary.audit.sequence')), not(is('event.action', 'pipeline-measured'))),
  choices: [
    { field: 'agent.type', label: 'Agent or hub' },
    { field: 'host.name', label: 'Machine' },
    { field: 'event.action', label: 'Event' },
    { field: 'log.level', label: 'Level' },
  ],
  charts: [
    ...numbers(
      ['reporting', valueOf('unique_count', 'agent.id', 'Agents and hubs that report')],
      ['errors', count('Errors'), is('log.level', 'error')],
      ['lost', count('Losses'), is('event.action', 'data-lost', 'gap', 'batch-rejected', 'events-dropped')],
      ['findings', count('Findings raised'), is('event.action', 'finding-raised')],
      [
        'certificates',
        valueOf('min', 'tributary.certificate.days_left', 'Days until a certificate expires'),
        is('event.action', 'certificate-measured'),
      ],
    ),
    {
      name: 'by-level',
      title: 'Events by level',
      shape: 'bars',
      values: [count('Events')],
      by: [by('log.level', 'Level', 4)],
      ...half,
    },
    {
      name: 'troubles',
      title: 'Troubles over time',
      shape: 'bars',
      only: is('log.level', 'warn', 'error'),
      values: [count('Events')],
      by: [action],
      ...half,
    },
    {
      name: 'findings-table',
      title: 'Findings',
      shape: 'table',
      only: has('tributary.finding'),
      values: [
        count('Times'),
        count('Raised', is('event.action', 'finding-raised')),
        count('Cleared', is('event.action', 'finding-cleared')),
      ],
      by: [by('tributary.finding', 'Finding', 30), by('tributary.subject', 'About', 20)],
      ...half,
    },
    {
      name: 'losses',
      title: 'What was lost, and why',
      shape: 'table',
      only: is('event.action', 'data-lost', 'gap'),
      values: [
        count('Events'),
        valueOf('sum', 'tributary.bytes', 'Bytes', { format: 'bytes' }),
        valueOf('sum', 'tributary.records', 'Records'),
      ],
      by: [by('tributary.cause', 'Cause', 20), by('host.name', 'Machine', 20)],
      ...half,
    },
    {
      name: 'sources',
      title: 'Sources that cannot be read',
      shape: 'table',
      only: is('event.action', 'source-failed', 'input-failed'),
      values: [count('Times')],
      by: [by('host.name', 'Machine', 20), by('log.file.path', 'File', 20)],
      ...half,
    },
    {
      name: 'connections',
      title: 'Hubs lost and refused',
      shape: 'table',
      only: is('event.action', 'hub-lost', 'hub-refused', 'hub-untrusted'),
      values: [count('Times')],
      by: [by('host.name', 'Machine', 20), action],
      ...half,
    },
    {
      name: 'buffers',
      title: 'Full buffers and disks',
      shape: 'bars',
      only: is('event.action', 'buffer-full', 'disk-full', 'quota-used-up'),
      values: [count('Events')],
      by: [action],
      ...half,
    },
    {
      name: 'versions',
      title: 'Versions',
      shape: 'table',
      values: [valueOf('unique_count', 'agent.id', 'Agents and hubs')],
      by: [by('agent.type', 'Kind', 5), by('agent.version', 'Version', 20)],
      ...half,
    },
    {
      name: 'certificates-table',
      title: 'Certificates',
      shape: 'table',
      only: is('event.action', 'certificate-measured'),
      values: [valueOf('min', 'tributary.certificate.days_left', 'Days left')],
      by: [by('host.name', 'Machine', 20), by('tributary.certificate.role', 'For', 10), by('file.path', 'File', 20)],
      ...half,
    },
    {
      name: 'actions',
      title: 'All events',
      shape: 'ranks',
      values: [count('Events')],
      by: [action],
      ...half,
    },
  ],
  listing: {
    name: 'events',
    title: 'Events of agents and hubs',
    columns: ['host.name', 'log.level', 'event.action', 'message', 'event.reason', 'error.message'],
  },
};

const refused = is('event.outcome', 'failure');

export const auditTrail: Board = {
  name: 'audit',
  title: 'Audit trail',
  description: 'Who did what to whom: enrolment, tokens, users, configuration, channels, searches.',
  view: 'platform',
  only: has('tributary.audit.sequence'),
  choices: [
    { field: 'user.name', label: 'Who' },
    { field: 'event.action', label: 'What' },
    { field: 'event.outcome', label: 'Outcome' },
    { field: 'tributary.audit.tenant', label: 'Whose' },
  ],
  charts: [
    ...numbers(
      ['actions', count('Actions')],
      ['refused', count('Refused'), refused],
      ['who', valueOf('unique_count', 'user.name', 'Who')],
    ),
    {
      name: 'over-time',
      title: 'Actions over time',
      shape: 'bars',
      values: [count('Actions')],
      by: [action],
      width: 48,
      height: 12,
    },
    {
      name: 'people',
      title: 'Who did what',
      shape: 'table',
      values: [count('Times'), count('Refused', refused)],
      by: [by('user.name', 'Who', 20), action],
      ...half,
    },
    {
      name: 'refused-table',
      title: 'Refused',
      shape: 'table',
      only: all(refused, has('source.ip')),
      values: [count('Times')],
      by: [by('source.ip', 'From', 20), action],
      ...half,
    },
  ],
  listing: {
    name: 'trail',
    title: 'Audit trail',
    columns: ['user.name', 'event.action', 'event.outcome', 'source.ip', 'message'],
  },
};
