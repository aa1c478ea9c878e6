export const mysql = String.raw`
description: MySQL and MariaDB, the error log and the slow query log, also in one file.

fields:
  mysql.thread_id: long
  mysql.slowlog.current_user: keyword
  mysql.slowlog.lock_time.sec: double
  mysql.slowlog.query: keyword
  mysql.slowlog.rows_examined: long
  mysql.slowlog.rows_sent: long
  mysql.slowlog.schema: keyword

steps:
  # MySQL 8:   2026-11-22T04:05:06.123456Z 0 [System] [MY-010931] [Server] /usr/sbin/mysqld: ready for connections.
  # MySQL 5.7: 2026-11-22T04:05:06.123456Z 0 [Note] Event Scheduler: Loaded 0 events
  # MariaDB:   2026-11-22  4:05:06 0 [Note] InnoDB: Buffer pool(s) load completed
  # older:     261122  4:05:06 [Note] Event Scheduler: Loaded 0 events
  # What a crash prints, and the lines of a statement that the agent did not join, have no such head: they are kept as they are.
  - name: error log
    when: '!message.startsWith("# ")'
    on_error: keep
    regex:
      pattern:
        - '^(?<time>[0-9-]{10}T[0-9:.]+(?:Z|[+-][0-9:]{4,5})) +(?<thread>[0-9]+) \[(?<level>[A-Za-z]+)\](?: \[(?<code>MY-[0-9]+)\])?(?: \[(?<provider>[A-Za-z0-9_-]+)\])? (?<message>[\s\S]*)$'
        - '^(?<time>[0-9-]{10} [0-9 ][0-9:]{7}) (?<thread>[0-9]+) \[(?<level>[A-Za-z]+)\] (?<message>[\s\S]*)$'
        - '^(?<time>[0-9]{6} [0-9 ][0-9:]{7}) \[(?<level>[A-Za-z]+)\] (?<message>[\s\S]*)$'
      fields:
        time: found.time
        thread: mysql.thread_id:int
        level: log.level
        code: event.code
        provider: event.provider

  # # Time: 2026-11-22T04:05:06.123456Z
  # # User@Host: shop[shop] @ web-1 [192.0.2.7]  Id:    12
  # # Query_time: 2.000543  Lock_time: 0.000102 Rows_sent: 1  Rows_examined: 40000
  # SET timestamp=1795320306;
  # SELECT …;
  # These lines are one record when the agent joins them: multiline, each record begins with "# Time:" or "# User@Host:".
  - name: slow log
    when: message.startsWith("# ")
    on_error: keep
    regex:
      pattern: '^(?:# Time: (?<time>[^\r\n]+)\r?\n)?# User@Host: (?<user>[^\[ \r\n]*)(?:\[(?<current>[^\]]*)\])? +@ +(?<host>[^\[ ]*) *\[(?<ip>[^\]]*)\](?: +Id: +(?<thread>[0-9]+))?\s*\n(?:# Thread_id: (?<mariadb_thread>[0-9]+) +Schema: (?<mariadb_schema>\S*)[^\n]*\n)?# Query_time: (?<seconds>[0-9.]+) +Lock_time: (?<lock>[0-9.]+) +Rows_sent: (?<sent>[0-9]+) +Rows_examined: (?<examined>[0-9]+)[^\n]*\n(?:#[^\n]*\n)*(?:use (?<schema>[^;\n]+);\s*\n)?(?:SET timestamp=(?<epoch>[0-9]+)[^;\n]*;\s*\n)?(?<query>[\s\S]*)$'
      fields:
        time: found.time
        epoch: found.epoch
        seconds: found.seconds:float
        user: user.name
        current: mysql.slowlog.current_user
        host: source.domain
        ip: source.ip:ip
        thread: mysql.thread_id:int
        mariadb_thread: mysql.thread_id:int
        schema: mysql.slowlog.schema
        mariadb_schema: mysql.slowlog.schema
        lock: mysql.slowlog.lock_time.sec:float
        sent: mysql.slowlog.rows_sent:int
        examined: mysql.slowlog.rows_examined:int
        query: mysql.slowlog.query
  - name: slow log message
    when: has(mysql.slowlog)
    set:
      fields: { message: '{{ mysql.slowlog.query }}' }
      values: { event.duration: int(fields.found.seconds * 1000000000.0 + 0.5) }
  # The first of many statements in one second names the time, the others only when they began.
  - name: slow log time
    when: has(fields.found.epoch) && !has(fields.found.time)
    rename: { fields: { found.epoch: found.time } }

  # Where it names no zone it is UTC unless told where the preset is used: timezone: Europe/Vienna beside preset.
  - name: time
    when: has(fields.found.time)
    timestamp: { from: found.time, formats: [iso8601, yyyy-MM-dd HH:mm:ss, yyMMdd HH:mm:ss, epoch] }

  - name: event
    set:
      fields:
        event.kind: event
        event.module: mysql
        event.category: [database]
      values:
        event.dataset: 'has(mysql.slowlog) ? "mysql.slowlog" : "mysql.error"'
        event.type: 'has(log.level) && log.level.lowerAscii() == "error" ? ["error"] : ["info"]'
  - name: level
    when: has(log.level)
    set: { values: { log.level: log.level.lowerAscii() } }
  - remove: { fields: [found] }
`;
