export const postgresql = String.raw`
description: The PostgreSQL server's log, as text (stderr, as Debian, pgBadger and Amazon RDS have it, too), csvlog and jsonlog.

fields:
  postgresql.log.application_name: keyword
  postgresql.log.backend_type: keyword
  postgresql.log.command_tag: keyword
  postgresql.log.context: keyword
  postgresql.log.database: keyword
  postgresql.log.detail: keyword
  postgresql.log.hint: keyword
  postgresql.log.query: keyword
  postgresql.log.query_id: keyword
  postgresql.log.query_name: keyword
  postgresql.log.query_pos: long
  postgresql.log.query_step: keyword
  postgresql.log.session_id: keyword
  postgresql.log.session_line_number: long
  postgresql.log.sql_state_code: keyword
  postgresql.log.transaction_id: keyword
  postgresql.log.virtual_transaction_id: keyword

steps:
  # log_destination = jsonlog
  - name: json
    when: message.startsWith("{")
    json: { to: found }
  - name: json names
    when: has(fields.found)
    rename:
      fields:
        found.timestamp: found.time
        found.user: user.name
        found.pid: process.pid
        found.remote_host: source.address
        found.remote_port: source.port
        found.error_severity: log.level
        found.message: message
        found.application_name: postgresql.log.application_name
        found.backend_type: postgresql.log.backend_type
        found.ps: postgresql.log.command_tag
        found.context: postgresql.log.context
        found.dbname: postgresql.log.database
        found.detail: postgresql.log.detail
        found.hint: postgresql.log.hint
        found.statement: postgresql.log.query
        found.query_id: postgresql.log.query_id
        found.cursor_position: postgresql.log.query_pos
        found.session_id: postgresql.log.session_id
        found.line_num: postgresql.log.session_line_number
        found.state_code: postgresql.log.sql_state_code
        found.txid: postgresql.log.transaction_id
        found.vxid: postgresql.log.virtual_transaction_id
  - name: json types
    when: has(fields.found)
    convert: { fields: { postgresql.log.transaction_id: string, postgresql.log.query_id: string } }

  # log_destination = csvlog; versions before 14 have fewer columns.
  - name: csv
    when: '!has(fields.found) && message.matches("^[0-9-]{10} [0-9:.]+ [A-Za-z0-9+:/_-]+,")'
    csv:
      ragged: true
      columns:
        - found.time
        - user.name
        - postgresql.log.database
        - process.pid:int
        - found.client
        - postgresql.log.session_id
        - postgresql.log.session_line_number:int
        - postgresql.log.command_tag
        - ~
        - postgresql.log.virtual_transaction_id
        - postgresql.log.transaction_id
        - log.level
        - postgresql.log.sql_state_code
        - message
        - postgresql.log.detail
        - postgresql.log.hint
        - ~
        - ~
        - postgresql.log.context
        - postgresql.log.query
        - postgresql.log.query_pos:int
        - ~
        - postgresql.log.application_name
        - postgresql.log.backend_type
        - ~
        - postgresql.log.query_id

  # log_line_prefix = '%m [%p] ', which is the default; '%m [%p] %q%u@%d ' of Debian;
  # '%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ' of pgBadger; '%t:%r:%u@%d:[%p]:' of Amazon RDS.
  # Further lines of a statement begin with a tab: they are kept as they are, unless the agent joined them with their first line.
  - name: text
    when: '!has(fields.found) && !message.startsWith("\t")'
    on_error: keep
    regex:
      pattern:
        - '^(?<time>[0-9-]{10} [0-9:.]+ [A-Za-z0-9+:/_-]+) \[(?<pid>[0-9]+)\] (?:(?:\[unknown\]|(?<user>[^@ ]*))@(?:\[unknown\]|(?<database>[^ ]*)) )?(?<level>[A-Z]+[1-5]?): +(?<message>[\s\S]*)$'
        - '^(?<time>[0-9-]{10} [0-9:.]+ [A-Za-z0-9+:/_-]+) \[(?<pid>[0-9]+)\]: (?:\[(?<line>[0-9]+)-[0-9]+\] )?(?:user=(?:\[unknown\]|(?<user>[^,]*)),db=(?:\[unknown\]|(?<database>[^, ]*))(?:,app=(?:\[unknown\]|(?<application>[^,]*)))?(?:,client=(?<client>[^, ]*))? )?(?<level>[A-Z]+[1-5]?): +(?<message>[\s\S]*)$'
        - '^(?<time>[0-9-]{10} [0-9:.]+ [A-Z]+):(?<client>[^(]*)(?:\((?<port>[0-9]+)\))?:(?:\[unknown\]|(?<user>[^@]*))@(?:\[unknown\]|(?<database>[^:]*)):\[(?<pid>[0-9]+)\]:(?<level>[A-Z]+[1-5]?): +(?<message>[\s\S]*)$'
      fields:
        time: found.time
        pid: process.pid:int
        user: user.name
        database: postgresql.log.database
        application: postgresql.log.application_name
        line: postgresql.log.session_line_number:int
        client: source.address
        port: source.port:int
        level: log.level

  - name: time
    when: has(fields.found)
    timestamp: { from: found.time, formats: [yyyy-MM-dd HH:mm:ss.SSS z, yyyy-MM-dd HH:mm:ss z] }

  # duration: 3.141 ms  execute S_1: SELECT …   statement: SELECT …   connection received: host=192.0.2.7 port=4711
  - name: duration
    when: 'message.startsWith("duration: ")'
    regex:
      pattern: '^duration: (?<ms>[0-9.]+) ms(?:  (?<step>statement|parse|bind|execute|fastpath function call)(?: (?<name>[^:]*))?: (?<query>[\s\S]*))?'
      fields:
        ms: found.ms:float
        step: postgresql.log.query_step
        name: postgresql.log.query_name
        query: postgresql.log.query
  - name: nanoseconds
    when: has(fields.found.ms)
    set: { values: { event.duration: int(fields.found.ms * 1000000.0 + 0.5) } }
  - name: statement
    when: 'message.matches("^(?:statement|execute [^:]*): ")'
    regex:
      pattern: '^(?<step>statement|execute)(?: (?<name>[^:]*))?: (?<query>[\s\S]*)$'
      fields: { step: postgresql.log.query_step, name: postgresql.log.query_name, query: postgresql.log.query }
  - name: statement of an error
    when: log.level == "STATEMENT"
    set: { fields: { postgresql.log.query: '{{ message }}' } }
  - name: connection
    when: message.startsWith("connection ")
    regex:
      pattern:
        - '^connection received: host=(?<client>\S+)(?: port=(?<port>[0-9]+))?'
        - '^connection authorized: user=(?<user>\S+)(?: database=(?<database>\S+))?(?: application_name=(?<application>\S+))?'
        - '(?<none>)'
      fields:
        client: source.address
        port: source.port:int
        user: user.name
        database: postgresql.log.database
        application: postgresql.log.application_name

  # csvlog has address and port in one. A client at a socket of the same machine is [local].
  - name: csv client
    when: has(fields.found.client)
    regex:
      from: found.client
      pattern: '^(?<client>.*?)(?::(?<port>[0-9]+))?$'
      fields: { client: source.address, port: source.port:int }
  - name: client
    when: source.address.matches("^[0-9.]+$|^[0-9a-f:.]*:[0-9a-f:.]*$")
    regex: { from: source.address, pattern: '^(?<ip>.*)$', fields: { ip: 'source.ip:ip' } }

  - name: event
    set:
      fields:
        event.kind: event
        event.module: postgresql
        event.dataset: postgresql.log
        event.category: [database]
        event.type: [info]
  - name: level
    when: has(log.level)
    set:
      values:
        log.level: log.level.lowerAscii()
        event.type: 'log.level in ["ERROR", "FATAL", "PANIC"] ? ["error"] : ["info"]'
  - remove: { fields: [found] }
`;
