export const apache = String.raw`
description: Apache httpd, its access log (common, combined, vhost_combined) and its error log, also in one file.

fields:
  apache.access.identity: keyword
  apache.access.request: keyword
  apache.error.module: keyword
  apache.error.cause: keyword
  apache.error.referrer: keyword

steps:
  # 192.0.2.7 - frank [22/Nov/2026:04:05:06 +0100] "GET /a HTTP/1.1" 200 2326 "-" "curl/8.5.0"
  # Has your LogFormat other parts? Copy this file, and give the step the format as Apache has it: apache: { format: '…' }.
  - name: access
    when: '!message.startsWith("[")'
    apache: {}
  - name: access event
    when: has(http.response)
    set:
      fields:
        event.kind: event
        event.module: apache
        event.dataset: apache.access
        event.category: [web]
        event.type: [access]
      values:
        event.outcome: 'http.response.status_code < 400 ? "success" : "failure"'

  # 2.4: [Sun Nov 22 04:05:06.123456 2026] [core:error] [pid 35:tid 43] (13)Permission denied: [client 192.0.2.7:1234] AH00132: …
  # 2.2: [Sun Nov 22 04:05:06 2026] [error] [client 192.0.2.7] File does not exist: /var/www/favicon.ico
  - name: error
    when: '!has(http.response)'
    regex:
      pattern:
        - '^\[(?<time>[A-Za-z]{3} [A-Za-z]{3} [0-9 ][0-9] [0-9:.]+ [0-9]{4})\] \[(?<module>[a-z0-9_-]*):(?<level>[a-z0-9]+)\] \[pid (?<pid>[0-9]+)(?::tid (?<tid>[0-9]+))?\](?: (?<cause>\([0-9]+\)[^\[]*?):)?(?: \[client (?:(?<client>[0-9.]+)(?::(?<port>[0-9]+))?|(?<client6>[^\] ]+?):(?<port6>[0-9]+)|(?<name>[^\] ]+))\])? (?<message>[\s\S]*?)(?:, referer: (?<referrer>\S+))?$'
        - '^\[(?<time>[A-Za-z]{3} [A-Za-z]{3} [0-9 ][0-9] [0-9:.]+ [0-9]{4})\] \[(?<level>[a-z]+)\](?: \[client (?<client>[^\] ]+)\])? (?<message>[\s\S]*?)(?:, referer: (?<referrer>\S+))?$'
      fields:
        time: found.time
        module: apache.error.module
        level: log.level
        pid: process.pid:int
        tid: process.thread.id:int
        cause: apache.error.cause
        client: source.address
        client6: source.address
        name: source.address
        port: source.port:int
        port6: source.port:int
        referrer: apache.error.referrer
  # Its time names no zone. It is UTC unless told where the preset is used: timezone: Europe/Vienna beside preset.
  - name: error time
    when: has(log.level)
    timestamp: { from: found.time, formats: [EEE MMM dd HH:mm:ss.SSS yyyy, EEE MMM dd HH:mm:ss yyyy] }
  - name: error event
    when: has(log.level)
    set:
      fields:
        event.kind: event
        event.module: apache
        event.dataset: apache.error
        event.category: [web]
      values:
        event.type: 'log.level in ["error", "crit", "alert", "emerg"] ? ["error"] : ["info"]'
  # A client is an address, unless names are looked up.
  - name: error client
    when: has(log.level) && source.address.matches("^[0-9.]+$|:")
    regex: { from: source.address, pattern: '^(?<ip>.*)$', fields: { ip: 'source.ip:ip' } }
`;
