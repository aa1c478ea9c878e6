/** Logs of programs in Java and Ruby. */
export const javaPatterns = {
  JAVACLASS: String.raw`(?:[A-Za-z$_][A-Za-z$_0-9]*\.)*[A-Za-z$_][A-Za-z$_0-9]*`,
  JAVAFILE: '[A-Za-z$_0-9. -]+',
  JAVAMETHOD: '(?:<(?:cl)?init>|[A-Za-z$_][A-Za-z$_0-9]*)',
  JAVASTACKTRACEPART: String.raw`\s*at %{JAVACLASS:java.log.origin.class.name}\.%{JAVAMETHOD:log.origin.function}\(%{JAVAFILE:log.origin.file.name}(?::%{INT:log.origin.file.line:int})?\)`,
  JAVATHREAD: '(?:[A-Z]{2}-Processor[0-9]+)',
  JAVALOGMESSAGE: '.*',
  CATALINALOG: String.raw`%{CATALINA_DATESTAMP:timestamp} %{JAVACLASS:java.log.origin.class.name}(?: %{JAVAMETHOD:log.origin.function})?\s*(?:%{LOGLEVEL:log.level}:)? %{JAVALOGMESSAGE:message}`,
  TOMCATLOG: String.raw`%{TOMCAT_DATESTAMP:timestamp} \| %{LOGLEVEL:log.level} \| %{JAVACLASS:java.log.origin.class.name} - %{JAVALOGMESSAGE:message}`,
  RUBY_LOGLEVEL: '(?:DEBUG|FATAL|ERROR|WARN|INFO)',
  RUBY_LOGGER: String.raw`[DFEWI], \[%{TIMESTAMP_ISO8601:timestamp} #%{POSINT:process.pid:int}\] *%{RUBY_LOGLEVEL:log.level} -- +%{DATA:process.name}: %{GREEDYDATA:message}`,
} as const;
