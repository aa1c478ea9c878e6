export const nginx = String.raw`
description: nginx, its access log (common, combined) and its error log, also in one file.

fields:
  nginx.access.identity: keyword
  nginx.access.request: keyword
  nginx.access.forwarded_for: keyword
  nginx.error.connection_id: long
  nginx.error.server: keyword
  nginx.error.upstream: keyword

steps:
  # 192.0.2.7 - frank [22/Nov/2026:04:05:06 +0100] "GET /a HTTP/1.1" 200 2326 "-" "curl/8.5.0"
  # Has your log_format other variables? Copy this file, and give the step the format as nginx has it: nginx: { format: '…' }.
  - name: access
    when: '!message.matches("^[0-9]{4}/[0-9]{2}/[0-9]{2} ")'
    nginx: {}
  - name: access event
    when: has(http.response)
    set:
      fields:
        event.kind: event
        event.module: nginx
        event.dataset: nginx.access
        event.category: [web]
        event.type: [access]
      values:
        event.outcome: 'http.response.status_code < 400 ? "success" : "failure"'

  # 2026/11/22 04:05:06 [error] 31#31: *5 open() "/a" failed (2: No such file or directory), client: 192.0.2.7, server: example.com, …
  - name: error
    when: '!has(http.response)'
    regex:
      pattern: '^(?<time>[0-9/]{10} [0-9:]{8}) \[(?<level>[a-z]+)\] (?<pid>[0-9]+)#(?<tid>[0-9]+): (?:\*(?<connection>[0-9]+) )?(?<message>[\s\S]*)$'
      fields:
        time: found.time
        level: log.level
        pid: process.pid:int
        tid: process.thread.id:int
        connection: nginx.error.connection_id:int
  # Its time names no zone. It is UTC unless told where the preset is used: timezone: Europe/Vienna beside preset.
  - name: error time
    when: has(log.level)
    timestamp: { from: found.time, formats: [yyyy/MM/dd HH:mm:ss] }
  # What was going on, where there was a client. All of it stays in the message, too.
  - name: error context
    when: 'has(log.level) && message.contains(", client: ")'
    regex:
      pattern: ', client: (?:(?<ip>[0-9.]+|[0-9a-fA-F:]*:[0-9a-fA-F:.]*)|(?<address>[^,]*))(?:, server: (?<server>[^,]*))?(?:, request: "(?:(?<method>[A-Za-z]+) (?<target>[^" ]+)(?: HTTP/(?<version>[0-9.]+))?|[^"]*)")?(?:, subrequest: "[^"]*")?(?:, upstream: "(?<upstream>[^"]*)")?(?:, host: "(?<host>[^":]*)(?::(?<port>[0-9]+))?")?(?:, referrer: "(?<referrer>[^"]*)")?'
      fields:
        ip: source.ip:ip
        address: source.address
        server: nginx.error.server
        method: http.request.method
        target: url.original
        version: http.version
        upstream: nginx.error.upstream
        host: url.domain
        port: url.port:int
        referrer: http.request.referrer
  - name: error event
    when: has(log.level)
    set:
      fields:
        source.address: '{{ source.ip }}'
        event.kind: event
        event.module: nginx
        event.dataset: nginx.error
        event.category: [web]
      values:
        event.type: 'log.level in ["error", "crit", "alert", "emerg"] ? ["error"] : ["info"]'
`;
