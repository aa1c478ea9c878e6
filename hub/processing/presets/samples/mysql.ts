import type { PresetSample } from './preset-sample.ts';

/** Examples of the manuals of MySQL 5.7 and 8.0 (The Error Log, The Slow Query Log) and of MariaDB's. */
export const mysqlSamples: readonly PresetSample[] = [
  {
    line: '2020-08-06T14:25:02.835618Z 0 [Note] [MY-012487] [InnoDB] DDL log recovery : begin',
    time: '2020-08-06T14:25:02.835Z',
    document: {
      mysql: { thread_id: 0 },
      log: { level: 'note' },
      event: {
        code: 'MY-012487',
        provider: 'InnoDB',
        kind: 'event',
        module: 'mysql',
        category: ['database'],
        dataset: 'mysql.error',
        type: ['info'],
      },
      message: 'DDL log recovery : begin',
    },
  },
  {
    line: '2020-08-06T14:25:02.936146Z 0 [Warning] [MY-010068] [Server] CA certificate /var/mysql/sslinfo/cacert.pem is self signed.',
    time: '2020-08-06T14:25:02.936Z',
    document: {
      mysql: { thread_id: 0 },
      log: { level: 'warning' },
      event: {
        code: 'MY-010068',
        provider: 'Server',
        kind: 'event',
        module: 'mysql',
        category: ['database'],
        dataset: 'mysql.error',
        type: ['info'],
      },
      message: 'CA certificate /var/mysql/sslinfo/cacert.pem is self signed.',
    },
  },
  {
    line: '2016-12-09T13:08:33.335060Z 0 [Note] InnoDB: Buffer pool(s) load completed at 161209 13:08:33',
    time: '2016-12-09T13:08:33.335Z',
    document: {
      mysql: { thread_id: 0 },
      log: { level: 'note' },
      message: 'InnoDB: Buffer pool(s) load completed at 161209 13:08:33',
      event: { kind: 'event', module: 'mysql', category: ['database'], dataset: 'mysql.error', type: ['info'] },
    },
  },
  {
    line: '2021-06-10  9:05:06 12 [ERROR] Event Scheduler: stopped',
    time: '2021-06-10T09:05:06.000Z',
    document: {
      mysql: { thread_id: 12 },
      log: { level: 'error' },
      message: 'Event Scheduler: stopped',
      event: { kind: 'event', module: 'mysql', category: ['database'], dataset: 'mysql.error', type: ['error'] },
    },
  },
  {
    line: "170119  3:05:06 [Note] Server socket created on IP: '0.0.0.0'.",
    time: '2017-01-19T03:05:06.000Z',
    document: {
      log: { level: 'note' },
      message: "Server socket created on IP: '0.0.0.0'.",
      event: { kind: 'event', module: 'mysql', category: ['database'], dataset: 'mysql.error', type: ['info'] },
    },
  },
  {
    line: "Version: '8.0.35'  socket: '/run/mysqld.sock'  port: 3306",
    document: {
      error: { message: 'none of the patterns fits', type: 'no_match' },
      tributary: { pipeline: { name: 'mysql', step: 'error log' } },
      event: { kind: 'event', module: 'mysql', category: ['database'], dataset: 'mysql.error', type: ['info'] },
    },
  },
  {
    line: '# Time: 2026-11-22T04:05:06.123456Z\n# User@Host: shop[shop] @ web-1 [192.0.2.7]  Id:    12\n# Query_time: 2.000543  Lock_time: 0.000102 Rows_sent: 1  Rows_examined: 40000\nuse shop;\nSET timestamp=1795320304;\nSELECT *\nFROM orders;\n',
    time: '2026-11-22T04:05:06.123Z',
    document: {
      user: { name: 'shop' },
      mysql: {
        slowlog: {
          current_user: 'shop',
          lock_time: { sec: 0.000102 },
          rows_sent: 1,
          rows_examined: 40_000,
          schema: 'shop',
          query: 'SELECT *\nFROM orders;',
        },
        thread_id: 12,
      },
      source: { domain: 'web-1', ip: '192.0.2.7' },
      message: 'SELECT *\nFROM orders;',
      event: {
        duration: 2_000_543_000,
        kind: 'event',
        module: 'mysql',
        category: ['database'],
        dataset: 'mysql.slowlog',
        type: ['info'],
      },
    },
  },
  {
    line: '# User@Host: root[root] @ localhost []\n# Thread_id: 5  Schema: shop  QC_hit: No\n# Query_time: 4.000112  Lock_time: 0.000000  Rows_sent: 1  Rows_examined: 0\n# Rows_affected: 0  Bytes_sent: 63\nSET timestamp=1795320306;\nselect sleep(4);',
    time: '2026-11-22T04:05:06.000Z',
    document: {
      user: { name: 'root' },
      mysql: {
        slowlog: {
          current_user: 'root',
          schema: 'shop',
          lock_time: { sec: 0 },
          rows_sent: 1,
          rows_examined: 0,
          query: 'select sleep(4);',
        },
        thread_id: 5,
      },
      source: { domain: 'localhost' },
      message: 'select sleep(4);',
      event: {
        duration: 4_000_112_000,
        kind: 'event',
        module: 'mysql',
        category: ['database'],
        dataset: 'mysql.slowlog',
        type: ['info'],
      },
    },
  },
];
