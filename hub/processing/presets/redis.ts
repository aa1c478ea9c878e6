export const redis = String.raw`
description: Redis and Valkey, the server's log (logfile, stdout), Sentinel's, too.

fields:
  redis.log.role: keyword

steps:
  # 1234:M 22 Nov 2026 04:05:06.123 * Ready to accept connections
  # What it prints when it starts, and a report of a crash, have no such head: they are kept as they are.
  - name: line
    on_error: keep
    regex:
      pattern:
        - '^(?<pid>[0-9]+):(?<role>[A-Z]) (?<time>[0-9]{1,2} [A-Za-z]{3} [0-9]{4} [0-9:.]+) (?<mark>[.*#-]) (?<message>[\s\S]*)$'
        - '^(?<pid>[0-9]+):signal-handler \((?<time>[0-9]+)\) (?<message>[\s\S]*)$'
        # Before Redis 3.0, of the server and of what it forks.
        - '^\[(?<pid>[0-9]+)\] (?<time>[0-9]{1,2} [A-Za-z]{3} (?:[0-9]{4} )?[0-9:.]+) (?<mark>[.*#-]) (?<message>[\s\S]*)$'
      fields:
        pid: process.pid:int
        role: found.role
        time: found.time
        mark: found.mark
  # It names no zone. It is UTC unless told where the preset is used: timezone: Europe/Vienna beside preset.
  - name: time
    when: has(fields.found)
    timestamp: { from: found.time, formats: [d MMM yyyy HH:mm:ss.SSS, d MMM yyyy HH:mm:ss, d MMM HH:mm:ss.SSS, d MMM HH:mm:ss, epoch_s] }
  - name: level and role
    when: has(fields.found)
    set:
      values:
        log.level: 'fields.found.mark == "#" ? "warning" : fields.found.mark == "*" ? "notice" : fields.found.mark == "-" ? "verbose" : "debug"'
        redis.log.role: 'fields.found.role == "M" ? "master" : fields.found.role == "S" ? "slave" : fields.found.role == "C" ? "child" : fields.found.role == "X" ? "sentinel" : fields.found.role'
  - name: event
    set:
      fields:
        event.kind: event
        event.module: redis
        event.dataset: redis.log
        event.category: [database]
        event.type: [info]
  - remove: { fields: [found] }
`;
