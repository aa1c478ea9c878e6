export const auditd = String.raw`
description: The Linux audit daemon's log (audit.log), also enriched (log_format = ENRICHED), each record on its own.

# What a record has besides is under auditd.log by the names that it gives itself, as text: auditd.log.key, auditd.log.syscall, …
fields:
  auditd.log: object
  auditd.log.sequence: long

steps:
  # type=SYSCALL msg=audit(1364481363.243:24287): arch=c000003e syscall=2 success=no exit=-13 … comm="cat" exe="/bin/cat" key="sshd_config"
  - name: record
    regex:
      pattern: '^(?:node=(?<node>\S+) )?type=(?<type>\S+) msg=audit\((?<time>[0-9.]+):(?<sequence>[0-9]+)\):? ?(?<body>[^\x1d]*)(?:\x1d(?<names>[\s\S]*))?$'
      fields:
        node: auditd.log.node
        type: found.type
        time: found.time
        sequence: auditd.log.sequence:int
        body: found.body
        names: found.names
  - name: time
    timestamp: { from: found.time, formats: [epoch_s] }
  - name: pairs
    when: has(fields.found.body) && fields.found.body.contains("=")
    kv:
      from: found.body
      prefix: auditd.log.
      fields: &names
        msg: found.msg
        pid: process.pid:int
        ppid: process.parent.pid:int
        exe: process.executable
        comm: process.name
        cwd: process.working_directory
        uid: found.uid
        euid: user.effective.id
        gid: user.group.id
        acct: user.name
        id: found.id
        success: found.success
        res: found.res
        addr: source.address
        hostname: source.domain
        name: file.path
        inode: file.inode
        ouid: file.uid
        ogid: file.gid
  # Programs that tell the daemon of themselves have pairs within msg='…'.
  - name: pairs of a program
    when: has(fields.found.msg) && fields.found.msg.contains("=")
    kv: { from: found.msg, prefix: auditd.log., fields: *names }
  # Enriched: names for the numbers, in capitals.
  - name: names
    when: has(fields.found.names) && fields.found.names.contains("=")
    kv:
      from: found.names
      prefix: auditd.log.
      fields: { UID: found.user, ID: found.account, EUID: user.effective.name, GID: user.group.name }

  # A question mark, and (none), stand for nothing.
  - name: no address
    when: source.address == "?"
    remove: { fields: [source.address] }
  - name: no host
    when: source.domain == "?"
    remove: { fields: [source.domain] }
  - name: address
    when: source.address.matches("^[0-9.]+$|^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$")
    regex: { from: source.address, pattern: '^(?<ip>.*)$', fields: { ip: 'source.ip:ip' } }
  # Where a program speaks of an account (acct, id) it is of that account, and the user id is that of the program.
  - name: user of an account
    when: has(user.name) || has(fields.found.id)
    set:
      fields:
        process.real_user.id: '{{ found.uid }}'
        user.id: '{{ found.id }}'
  - name: name of an account
    when: '!has(user.name) && has(fields.found.id)'
    set: { fields: { user.name: '{{ found.account }}' } }
  - name: user
    when: '!has(user.name) && !has(fields.found.id)'
    set: { fields: { user.id: '{{ found.uid }}', user.name: '{{ found.user }}' } }

  - name: event
    set:
      fields:
        event.kind: event
        event.module: auditd
        event.dataset: auditd.log
      values:
        event.action: fields.found.type.lowerAscii()
        event.outcome: '(has(fields.found.success) ? fields.found.success : fields.found.res) in ["yes", "success", "1"] ? "success" : "failure"'
  - name: authentication
    when: fields.found.type.matches("^(?:USER_(?:AUTH|LOGIN|ACCT)|CRED_)")
    set: { fields: { event.category: [authentication], event.type: [info] } }
  - name: session
    when: fields.found.type in ["USER_START", "USER_END"]
    set:
      fields: { event.category: [session] }
      values: { event.type: 'fields.found.type == "USER_START" ? ["start"] : ["end"]' }
  - name: accounts
    when: fields.found.type.matches("^(?:ADD|DEL)_(?:USER|GROUP)$")
    set:
      fields: { event.category: [iam] }
      values: { event.type: '[fields.found.type.endsWith("USER") ? "user" : "group", fields.found.type.startsWith("ADD") ? "creation" : "deletion"]' }
  - name: process
    when: fields.found.type in ["SYSCALL", "EXECVE", "PROCTITLE"]
    set: { fields: { event.category: [process], event.type: [info] } }
  - name: configuration
    when: fields.found.type == "CONFIG_CHANGE"
    set: { fields: { event.category: [configuration], event.type: [change] } }
  - remove: { fields: [found] }
`;
