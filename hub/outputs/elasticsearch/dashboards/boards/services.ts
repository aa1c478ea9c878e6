/** Logs of databases, and of who signs in. */
import { by, type Board, count, numbers, percentile, rate, valueOf } from '../chart.ts';
import { all, has, is } from '../condition.ts';

export const databases: Board = {
  name: 'databases',
  title: 'Logs of databases',
  description: 'Levels, errors and slow statements (the presets postgresql, mysql and redis).',
  view: 'logs',
  only: is('event.module', 'postgresql', 'mysql', 'redis'),
  choices: [
    { field: 'event.module', label: 'Database' },
    { field: 'host.name', label: 'Machine' },
    { field: 'log.level', label: 'Level' },
    { field: 'user.name', label: 'User' },
  ],
  charts: [
    ...numbers(
      ['lines', count('Lines')],
      ['timed', count('Statements with a time', has('event.duration'))],
      ['p95', percentile(95, 'event.duration', '95 of 100 took at most')],
    ),
    {
      name: 'by-database',
      title: 'Lines by database',
      shape: 'bars',
      values: [rate('Lines a second')],
      by: [by('event.module', 'Database')],
      width: 24,
      height: 12,
    },
    {
      name: 'by-level',
      title: 'Lines by level',
      shape: 'bars',
      values: [rate('Lines a second')],
      by: [by('log.level', 'Level')],
      width: 24,
      height: 12,
    },
    {
      name: 'postgresql-states',
      title: 'Errors of PostgreSQL',
      shape: 'table',
      only: has('postgresql.log.sql_state_code'),
      values: [count('Lines')],
      by: [by('postgresql.log.database', 'Database', 20), by('postgresql.log.sql_state_code', 'SQL state', 20)],
      width: 24,
      height: 12,
    },
    {
      name: 'mysql-slow',
      title: 'Slow statements of MySQL',
      shape: 'table',
      only: is('event.dataset', 'mysql.slowlog'),
      values: [
        count('Statements'),
        valueOf('average', 'event.duration', 'Average time'),
        valueOf('max', 'mysql.slowlog.rows_examined', 'Rows examined at most'),
        valueOf('sum', 'mysql.slowlog.lock_time.sec', 'Seconds in locks'),
      ],
      by: [by('mysql.slowlog.schema', 'Schema', 20), by('user.name', 'User', 20)],
      width: 24,
      height: 12,
    },
  ],
  listing: { name: 'lines', title: 'Lines of databases', columns: ['event.module', 'host.name', 'log.level', 'message'] },
};

const signIns = is('event.category', 'authentication');
const refused = is('event.outcome', 'failure');

export const signingIn: Board = {
  name: 'sign-ins',
  title: 'Signing in',
  description:
    'Who signs in, from where, and who is refused; commands by sudo; changes of users (the presets auth, auditd and windows_event).',
  view: 'logs',
  only: is('event.category', 'authentication', 'session', 'iam', 'process'),
  choices: [
    { field: 'host.name', label: 'Machine' },
    { field: 'user.name', label: 'User' },
    { field: 'source.ip', label: 'From' },
    { field: 'event.action', label: 'Action' },
  ],
  charts: [
    ...numbers(
      ['done', count('Signed in'), all(signIns, is('event.outcome', 'success'))],
      ['refused', count('Refused'), all(signIns, refused)],
      ['refused-users', valueOf('unique_count', 'user.name', 'Users refused'), all(signIns, refused)],
      ['changes', count('Changes of users'), is('event.category', 'iam')],
    ),
    {
      name: 'outcomes',
      title: 'Signing in, by outcome',
      shape: 'bars',
      only: signIns,
      values: [count('Events')],
      by: [by('event.outcome', 'Outcome', 3)],
      width: 48,
      height: 12,
    },
    {
      name: 'refused-table',
      title: 'Refused',
      shape: 'table',
      only: all(signIns, refused),
      values: [count('Times'), valueOf('unique_count', 'host.name', 'Machines')],
      by: [by('source.ip', 'From', 20), by('user.name', 'User', 20)],
      width: 24,
      height: 14,
    },
    {
      name: 'sudo',
      title: 'Commands by sudo',
      shape: 'table',
      only: has('system.auth.sudo.command'),
      values: [count('Times'), count('Refused', refused)],
      by: [by('user.name', 'User', 20), by('system.auth.sudo.command', 'Command', 20)],
      width: 24,
      height: 14,
    },
    {
      name: 'windows',
      title: 'Windows events',
      shape: 'table',
      only: is('event.module', 'windows'),
      values: [count('Events')],
      by: [by('winlog.channel', 'Channel', 10), by('event.code', 'Event', 20), by('event.outcome', 'Outcome', 3)],
      width: 24,
      height: 14,
    },
    {
      name: 'user-changes',
      title: 'Changes of users',
      shape: 'table',
      only: is('event.category', 'iam'),
      values: [count('Times')],
      by: [by('event.action', 'Action', 20), by('host.name', 'Machine', 20)],
      width: 24,
      height: 14,
    },
  ],
  listing: {
    name: 'events',
    title: 'Events of signing in',
    columns: ['host.name', 'event.action', 'event.outcome', 'user.name', 'source.ip', 'message'],
  },
};
