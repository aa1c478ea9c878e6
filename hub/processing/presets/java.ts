export const java = String.raw`
description: Lines as Logback, Log4j, Spring Boot, Kafka and Tomcat write them, with the stack trace of an exception.

steps:
  # A stack trace belongs to the line before it when the agent joined them (multiline: java). Lines that stand alone are kept as they are.
  # Spring Boot: 2026-11-22T04:05:06.123+01:00  INFO 4711 --- [shop] [main] c.example.shop.Application : Started in 2.3 seconds
  # Logback:     2026-11-22 04:05:06,123 [main] ERROR com.example.Shop - it is broken
  # Log4j:       2026-11-22 04:05:06,123 ERROR [main] com.example.Shop: it is broken
  # Kafka:       [2026-11-22 04:05:06,123] INFO it is started (kafka.server.KafkaServer)
  # Logback without a configuration, whose time has no date: 04:05:06.123 [main] INFO com.example.Shop - started
  # Elasticsearch: [2026-11-22T04:05:06,123][INFO ][o.e.n.Node               ] [node-1] started
  # Tomcat:      22-Nov-2026 04:05:06.123 INFO [main] org.apache.catalina.startup.Catalina.start Server startup in [1234] milliseconds
  - name: line
    when: '!message.matches("^(?:\\s|Caused by: |Suppressed: )")'
    on_error: keep
    regex:
      pattern:
        - '^(?<time>[0-9-]{10}[T ][0-9:.,]+ ?(?:Z|[+-][0-9:]{4,5})?) +(?<level>[A-Z]+) (?<pid>[0-9]+) --- (?:\[(?<service>[^\]]*)\] )??\[ *(?<thread>[^\]]*)\] (?:\[(?<trace>[0-9a-f]{32})-(?<span>[0-9a-f]{16})\] )?(?<logger>[^\s\[]\S*) +: (?<message>[\s\S]*)$'
        - '^(?<time>[0-9-]{10}[T ][0-9:.,]+ ?(?:Z|[+-][0-9:]{4,5})?) +\[(?<thread>[^\]]*)\] +(?<level>TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|SEVERE) +(?<logger>[\w.$]+)(?: -|:) (?<message>[\s\S]*)$'
        - '^(?<time>[0-9-]{10}[T ][0-9:.,]+ ?(?:Z|[+-][0-9:]{4,5})?) +(?<level>TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|SEVERE) +\[(?<thread>[^\]]*)\] +(?<logger>[\w.$]+)(?: -|:) (?<message>[\s\S]*)$'
        - '^\[(?<time>[0-9-]{10}[T ][0-9:.,]+)\] (?<level>TRACE|DEBUG|INFO|WARN|ERROR|FATAL) (?<message>[\s\S]*?) \((?<logger>[\w.$]+)\)(?<trailer>\r?\n[\s\S]*)?$'
        - '^(?<time>[0-9]{2}-[A-Za-z]{3}-[0-9]{4} [0-9:.]+) (?<level>[A-Z]+) \[(?<thread>[^\]]*)\] (?<logger>[\w.$<>]+) (?<message>[\s\S]*)$'
        - '^[0-9]{2}:[0-9]{2}:[0-9.,]{2,13} \[(?<thread>[^\]]*)\] +(?<level>TRACE|DEBUG|INFO|WARN|ERROR|FATAL) +(?<logger>[\w.$]+) -+ (?<message>[\s\S]*)$'
        - '^\[(?<time>[0-9-]{10}T[0-9:.,]+(?:Z|[+-][0-9:]{4,5})?)\]\[(?<level>[A-Z]+) *\]\[(?<logger>[^\]\s]+) *\] (?<message>[\s\S]*)$'
        # Others: a time, and a level somewhere behind it.
        - '^(?<time>[0-9-]{10}[T ][0-9:.,]+ ?(?:Z|[+-][0-9:]{4,5})?) +(?<message>[^\n]{0,200}?\b(?<level>TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|SEVERE)\b[\s\S]*)$'
      fields:
        time: found.time
        level: found.level
        pid: process.pid:int
        service: service.name
        thread: process.thread.name
        trace: trace.id
        span: span.id
        logger: log.logger
        trailer: found.trailer
  # Where it names no zone it is UTC unless told where the preset is used: timezone: Europe/Vienna beside preset.
  - name: time
    when: has(fields.found.time)
    timestamp: { from: found.time, formats: [iso8601, dd-MMM-yyyy HH:mm:ss.SSS] }
  - name: level
    when: has(fields.found)
    set:
      values:
        log.level: 'fields.found.level == "WARNING" ? "warn" : fields.found.level == "SEVERE" ? "error" : fields.found.level.lowerAscii()'
  - name: message with its trace
    when: has(fields.found.trailer)
    set: { fields: { message: '{{ message }}{{ found.trailer }}' } }

  # java.lang.IllegalStateException: no stock
  # 	at com.example.Shop.sell(Shop.java:42)
  - name: exception
    when: message.matches("\\n\\s+at \\S+\\(")
    regex:
      pattern:
        - '^(?<message>[\s\S]*?)\r?\n(?<stack>(?<type>[A-Za-z_$][\w$]*(?:\.[\w$]+)+)(?:: (?<reason>[^\r\n]*(?:\r?\n[^\s][^\r\n]*)*?))?\r?\n\s+at [\s\S]*)$'
        - '^(?<message>(?<type>[A-Za-z_$][\w$]*(?:\.[\w$]+)+)(?:: (?<reason>[^\r\n]*))?)\r?\n(?<stack>\s+at [\s\S]*)$'
        - '^(?<message>[^\n]*)\n(?<stack>[\s\S]*)$'
      fields:
        stack: error.stack_trace
        type: error.type
        reason: error.message
  - name: event
    set: { fields: { event.kind: event } }
  - remove: { fields: [found] }
`;
