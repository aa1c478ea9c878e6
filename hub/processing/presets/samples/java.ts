import type { PresetSample } from './preset-sample.ts';

/** Of the default patterns of Spring Boot, Logback, Log4j, Kafka and Tomcat. */
export const javaSamples: readonly PresetSample[] = [
  {
    line: '2026-11-22T04:05:06.123+01:00  INFO 4711 --- [shop] [           main] c.example.shop.Application              : Started in 2.3 seconds',
    time: '2026-11-22T03:05:06.123Z',
    document: {
      process: { pid: 4711, thread: { name: 'main' } },
      service: { name: 'shop' },
      log: { logger: 'c.example.shop.Application', level: 'info' },
      message: 'Started in 2.3 seconds',
      event: { kind: 'event' },
    },
  },
  {
    line: '2026-11-22 04:05:06,123 [main] ERROR com.example.Shop - it is broken\njava.lang.IllegalStateException: no stock\n\tat com.example.Shop.sell(Shop.java:42)\n\tat com.example.Shop.main(Shop.java:7)\nCaused by: java.io.IOException: disk\n\t... 2 more',
    time: '2026-11-22T04:05:06.123Z',
    document: {
      process: { thread: { name: 'main' } },
      log: { logger: 'com.example.Shop', level: 'error' },
      message: 'it is broken',
      error: {
        stack_trace:
          'java.lang.IllegalStateException: no stock\n\tat com.example.Shop.sell(Shop.java:42)\n\tat com.example.Shop.main(Shop.java:7)\nCaused by: java.io.IOException: disk\n\t... 2 more',
        type: 'java.lang.IllegalStateException',
        message: 'no stock',
      },
      event: { kind: 'event' },
    },
  },
  {
    line: '2026-11-22 04:05:06,123 WARN [pool-1-thread-2] com.example.Shop: slow',
    time: '2026-11-22T04:05:06.123Z',
    document: {
      process: { thread: { name: 'pool-1-thread-2' } },
      log: { logger: 'com.example.Shop', level: 'warn' },
      message: 'slow',
      event: { kind: 'event' },
    },
  },
  {
    line: '[2026-11-22 04:05:06,123] INFO [KafkaServer id=0] started (kafka.server.KafkaServer)',
    time: '2026-11-22T04:05:06.123Z',
    document: {
      message: '[KafkaServer id=0] started',
      log: { logger: 'kafka.server.KafkaServer', level: 'info' },
      event: { kind: 'event' },
    },
  },
  {
    line: '[2026-11-22 04:05:06,123] ERROR it broke (kafka.server.KafkaServer)\njava.io.IOException: disk\n\tat a.B.c(B.java:1)',
    time: '2026-11-22T04:05:06.123Z',
    document: {
      message: 'it broke',
      log: { logger: 'kafka.server.KafkaServer', level: 'error' },
      error: { stack_trace: 'java.io.IOException: disk\n\tat a.B.c(B.java:1)', type: 'java.io.IOException', message: 'disk' },
      event: { kind: 'event' },
    },
  },
  {
    line: '22-Nov-2026 04:05:06.123 SEVERE [main] org.apache.catalina.startup.Catalina.start Server startup in [1234] milliseconds',
    time: '2026-11-22T04:05:06.123Z',
    document: {
      process: { thread: { name: 'main' } },
      log: { logger: 'org.apache.catalina.startup.Catalina.start', level: 'error' },
      message: 'Server startup in [1234] milliseconds',
      event: { kind: 'event' },
    },
  },
  {
    line: '2026-11-22 04:05:06.123 something DEBUG else',
    time: '2026-11-22T04:05:06.123Z',
    document: { message: 'something DEBUG else', log: { level: 'debug' }, event: { kind: 'event' } },
  },
  {
    line: '\tat com.example.Shop.sell(Shop.java:42)',
    document: { event: { kind: 'event' } },
  },
  {
    line: 'Hello from System.out',
    document: {
      error: { message: 'none of the patterns fits', type: 'no_match' },
      tributary: { pipeline: { name: 'java', step: 'line' } },
      event: { kind: 'event' },
    },
  },
  {
    line: '2026-11-22 04:05:06 INFO  Shop:42 - hello',
    time: '2026-11-22T04:05:06.000Z',
    document: { message: 'INFO  Shop:42 - hello', log: { level: 'info' }, event: { kind: 'event' } },
  },
  {
    line: '2026-11-22 04:05:06,123 [main] ERROR com.example.Shop - java.lang.IllegalStateException: no stock\n\tat com.example.Shop.sell(Shop.java:42)',
    time: '2026-11-22T04:05:06.123Z',
    document: {
      process: { thread: { name: 'main' } },
      log: { logger: 'com.example.Shop', level: 'error' },
      message: 'java.lang.IllegalStateException: no stock',
      error: {
        type: 'java.lang.IllegalStateException',
        message: 'no stock',
        stack_trace: '\tat com.example.Shop.sell(Shop.java:42)',
      },
      event: { kind: 'event' },
    },
  },
  {
    line: '2026-11-22T04:05:06.123Z ERROR 7 --- [main] [4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7] c.e.Shop : it is broken',
    time: '2026-11-22T04:05:06.123Z',
    document: {
      process: { pid: 7, thread: { name: 'main' } },
      trace: { id: '4bf92f3577b34da6a3ce929d0e0e4736' },
      span: { id: '00f067aa0ba902b7' },
      log: { logger: 'c.e.Shop', level: 'error' },
      message: 'it is broken',
      event: { kind: 'event' },
    },
  },
  {
    line: '04:05:06.123 [main] DEBUG com.example.Shop -- ready',
    document: {
      process: { thread: { name: 'main' } },
      log: { logger: 'com.example.Shop', level: 'debug' },
      message: 'ready',
      event: { kind: 'event' },
    },
  },
  {
    line: '[2026-11-22T04:05:06,123][INFO ][o.e.n.Node               ] [node-1] started',
    time: '2026-11-22T04:05:06.123Z',
    document: { log: { logger: 'o.e.n.Node', level: 'info' }, message: '[node-1] started', event: { kind: 'event' } },
  },
];
