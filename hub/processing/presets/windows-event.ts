export const windowsEvent = String.raw`
description: Windows events as JSON, as Fluent Bit (winevtlog), NXLog and programs give them that turn the event's XML to JSON.

# The event's own data has the names that its provider gives: winlog.event_data.TargetUserName, …
fields:
  winlog.event_data: flattened
  winlog.activity_id: keyword
  winlog.channel: keyword
  winlog.computer_name: keyword
  winlog.event_id: keyword
  winlog.keywords: keyword[]
  winlog.process.pid: long
  winlog.process.thread.id: long
  winlog.provider_guid: keyword
  winlog.provider_name: keyword
  winlog.record_id: keyword
  winlog.user.identifier: keyword
  winlog.version: long

steps:
  - json: { to: winlog.event_data }

  # { "Event": { "System": { … }, "EventData": { … } } }, with attributes under #attributes, or beside the elements.
  - name: xml
    when: has(fields.winlog.event_data.Event.System)
    rename:
      fields:
        winlog.event_data.Event.System: found.system
        winlog.event_data.Event.EventData: winlog.event_data
  - name: xml names
    when: has(fields.found.system)
    rename:
      fields:
        found.system.Provider.#attributes.Name: winlog.provider_name
        found.system.Provider.#attributes.Guid: winlog.provider_guid
        found.system.Provider.Name: winlog.provider_name
        found.system.Provider.Guid: winlog.provider_guid
        found.system.EventID: winlog.event_id
        found.system.Version: winlog.version
        found.system.Level: found.level
        found.system.Keywords: found.keywords
        found.system.TimeCreated.#attributes.SystemTime: found.time
        found.system.TimeCreated.SystemTime: found.time
        found.system.EventRecordID: winlog.record_id
        found.system.Correlation.#attributes.ActivityID: winlog.activity_id
        found.system.Execution.#attributes.ProcessID: winlog.process.pid
        found.system.Execution.#attributes.ThreadID: winlog.process.thread.id
        found.system.Correlation.ActivityID: winlog.activity_id
        found.system.Execution.ProcessID: winlog.process.pid
        found.system.Execution.ThreadID: winlog.process.thread.id
        found.system.Security.UserID: winlog.user.identifier
        found.system.Channel: winlog.channel
        found.system.Computer: winlog.computer_name
        found.system.Security.#attributes.UserID: winlog.user.identifier
  # The element has an attribute, Qualifiers.
  - name: xml number
    rename: { fields: { 'winlog.event_id.#text': winlog.event_id } }

  # Fluent Bit and NXLog have one object, in which all other members are the event's own data.
  - name: names
    when: '!has(fields.found.system)'
    rename:
      fields:
        winlog.event_data.EventTime: found.time
        winlog.event_data.TimeCreated: found.time
        winlog.event_data.Message: message
        winlog.event_data.EventID: winlog.event_id
        winlog.event_data.ProviderName: winlog.provider_name
        winlog.event_data.SourceName: winlog.provider_name
        winlog.event_data.ProviderGuid: winlog.provider_guid
        winlog.event_data.Channel: winlog.channel
        winlog.event_data.Computer: winlog.computer_name
        winlog.event_data.Hostname: winlog.computer_name
        winlog.event_data.EventRecordID: winlog.record_id
        winlog.event_data.RecordNumber: winlog.record_id
        winlog.event_data.ActivityID: winlog.activity_id
        winlog.event_data.ProcessID: winlog.process.pid
        winlog.event_data.ExecutionProcessID: winlog.process.pid
        winlog.event_data.ThreadID: winlog.process.thread.id
        winlog.event_data.UserID: winlog.user.identifier
        winlog.event_data.Version: winlog.version
        winlog.event_data.Level: found.level
        winlog.event_data.Severity: found.level
        winlog.event_data.Keywords: found.keywords
        winlog.event_data.EventType: found.event_type
  - name: types
    convert:
      fields:
        winlog.event_id: string
        winlog.record_id: string
        winlog.version: int
        winlog.process.pid: int
        winlog.process.thread.id: int
        found.level: string
        found.keywords: string
  # Fluent Bit has empty texts for what is not there.
  - name: no activity
    when: fields.winlog.activity_id == ""
    remove: { fields: [winlog.activity_id] }
  - name: no user
    when: fields.winlog.user.identifier == ""
    remove: { fields: [winlog.user] }
  # Where it names no zone, as NXLog's, it is UTC unless told where the preset is used: timezone: Europe/Vienna beside preset.
  - name: time
    timestamp: { from: found.time, formats: [iso8601] }

  - name: event
    set:
      fields:
        event.kind: event
        event.module: windows
        event.code: '{{ winlog.event_id }}'
        event.provider: '{{ winlog.provider_name }}'
  # Numbers of XML and Fluent Bit, words of NXLog.
  - name: level
    when: has(fields.found.level)
    set:
      values:
        log.level: 'fields.found.level in ["1", "CRITICAL"] ? "critical" : fields.found.level in ["2", "ERROR"] ? "error" : fields.found.level in ["3", "WARNING"] ? "warning" : fields.found.level in ["5", "DEBUG"] ? "verbose" : "information"'
  # Of audits the keywords say how it ended, as a number with two of its bits set: as text in hexadecimal, or with a sign.
  - name: success
    when: (has(fields.found.keywords) && fields.found.keywords.matches("^0x802|^-9214364837600034816$")) || (has(fields.found.event_type) && fields.found.event_type == "AUDIT_SUCCESS")
    set: { fields: { event.outcome: success, winlog.keywords: [Audit Success] } }
  - name: failure
    when: (has(fields.found.keywords) && fields.found.keywords.matches("^0x801|^-9218868437227405312$")) || (has(fields.found.event_type) && fields.found.event_type == "AUDIT_FAILURE")
    set: { fields: { event.outcome: failure, winlog.keywords: [Audit Failure] } }

  # The best known events of the channel Security: logons, processes, accounts.
  - name: logons
    when: fields.winlog.channel == "Security" && event.code in ["4624", "4625", "4634", "4647"]
    set:
      fields:
        user.name: '{{ winlog.event_data.TargetUserName }}'
        user.domain: '{{ winlog.event_data.TargetDomainName }}'
        user.id: '{{ winlog.event_data.TargetUserSid }}'
      values:
        event.action: 'event.code == "4624" ? "logged-in" : event.code == "4625" ? "logon-failed" : "logged-out"'
        event.category: '["authentication"]'
        event.type: 'event.code in ["4624", "4625"] ? ["start"] : ["end"]'
  - name: logon's address
    when: event.code in ["4624", "4625"] && fields.winlog.event_data.IpAddress.matches("^[0-9.]+$|^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$")
    regex: { from: winlog.event_data.IpAddress, pattern: '^(?<address>(?<ip>.*))$', fields: { address: source.address, ip: 'source.ip:ip' } }
  - name: processes
    when: fields.winlog.channel == "Security" && event.code in ["4688", "4689"]
    set:
      fields:
        user.name: '{{ winlog.event_data.SubjectUserName }}'
        user.domain: '{{ winlog.event_data.SubjectDomainName }}'
        user.id: '{{ winlog.event_data.SubjectUserSid }}'
        process.executable: '{{ winlog.event_data.NewProcessName }}'
        process.command_line: '{{ winlog.event_data.CommandLine }}'
      values:
        event.action: 'event.code == "4688" ? "created-process" : "exited-process"'
        event.category: '["process"]'
        event.type: 'event.code == "4688" ? ["start"] : ["end"]'
  - name: accounts
    when: fields.winlog.channel == "Security" && event.code in ["4720", "4722", "4725", "4726", "4738"]
    set:
      fields:
        user.name: '{{ winlog.event_data.SubjectUserName }}'
        user.domain: '{{ winlog.event_data.SubjectDomainName }}'
        user.id: '{{ winlog.event_data.SubjectUserSid }}'
        user.target.name: '{{ winlog.event_data.TargetUserName }}'
        user.target.domain: '{{ winlog.event_data.TargetDomainName }}'
        user.target.id: '{{ winlog.event_data.TargetSid }}'
      values:
        event.action: 'event.code == "4720" ? "added-user-account" : event.code == "4722" ? "enabled-user-account" : event.code == "4725" ? "disabled-user-account" : event.code == "4726" ? "deleted-user-account" : "modified-user-account"'
        event.category: '["iam"]'
        event.type: 'event.code == "4720" ? ["user", "creation"] : event.code == "4726" ? ["user", "deletion"] : ["user", "change"]'
  - remove: { fields: [found] }
`;
