/** Logs of databases and name servers. */
export const databasePatterns = {
  REDISTIMESTAMP: '%{MONTHDAY} %{MONTH} %{TIME}',
  REDISLOG: String.raw`\[%{POSINT:process.pid:int}\] %{REDISTIMESTAMP:timestamp} \* `,
  REDISMONLOG: String.raw`%{NUMBER:timestamp} \[%{INT:redis.database.id} %{IP:client.ip}:%{POSINT:client.port:int}\] "%{WORD:redis.command.name}"\s?%{GREEDYDATA:redis.command.args}`,
  POSTGRESQL:
    '%{DATESTAMP:timestamp} %{TZ:event.timezone} %{DATA:user.name} %{GREEDYDATA:postgresql.log.connection_id} %{POSINT:process.pid:int}',
  MONGO_LOG: '%{SYSLOGTIMESTAMP:timestamp} \\[%{WORD:mongodb.component}\\] %{GREEDYDATA:message}',
  MONGO3_SEVERITY: String.raw`\w`,
  MONGO3_COMPONENT: '%{WORD}',
  MONGO3_LOG: String.raw`%{TIMESTAMP_ISO8601:timestamp} %{MONGO3_SEVERITY:log.level} (?:-|%{MONGO3_COMPONENT:mongodb.component})\s+(?:\[%{DATA:mongodb.context}\])? %{GREEDYDATA:message}`,
  BIND9_TIMESTAMP: '%{MONTHDAY}-%{MONTH}-%{YEAR} %{TIME}',
  BIND9_DNSTYPE:
    '(?:A|AAAA|CAA|CDNSKEY|CDS|CERT|CNAME|DNSKEY|DS|HINFO|HTTPS|LOC|MX|NAPTR|NS|NSEC|NSEC3|PTR|RRSIG|RP|SIG|SMIMEA|SOA|SRV|SVCB|TSIG|TXT|URI|ANY)',
  BIND9_CATEGORY: 'queries',
  BIND9_QUERYLOGBASE: String.raw`client(?: @0x[0-9A-Fa-f]+)? %{IP:client.ip}#%{POSINT:client.port:int} \(%{GREEDYDATA:bind.log.question.name}\): query: %{GREEDYDATA:dns.question.name} IN %{BIND9_DNSTYPE:dns.question.type}(?: %{DATA:bind.log.question.flags})? \(%{IP:server.ip}\)`,
  BIND9_QUERYLOG:
    '%{BIND9_TIMESTAMP:timestamp} %{BIND9_CATEGORY:bind.log.category}: %{LOGLEVEL:log.level}: %{BIND9_QUERYLOGBASE}',
} as const;
