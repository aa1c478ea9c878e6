/**
 * `npm run exec -- node test/harness/bring-servers.ts`: brings the servers that no package has, for who is not root: then `npm test` finds them.
 * It needs Maven and Go, and Java 21 or newer for the tests themselves.
 */
import { elasticsearchHome } from './elasticsearch/download.ts';
import { findJdk } from './elasticsearch/jdk.ts';
import { s3Program } from './s3/build.ts';

process.stdout.write(`Java: ${await findJdk()}\n`);
process.stdout.write(`Elasticsearch: ${await elasticsearchHome()}\n`);
process.stdout.write(`S3: ${await s3Program()}\n`);
