/** The archive: a folder or a bucket. */
import { bytesBetween, durationBetween } from '@tributary/shared/options/units.ts';
import * as z from 'zod';

const s3Options = z
  .strictObject({
    bucket: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{1,254}$/i, 'must be the name of a bucket')
      .describe('The bucket. It has to be there.'),
    prefix: z
      .string()
      .max(500)
      .regex(/^[\w.-]+(\/[\w.-]+)*\/?$/, 'must be names of letters, digits, ., - and _ with slashes between them')
      .optional()
      .describe('A folder in it, for buckets that hold other things, too.'),
    endpoint: z
      .url({ protocol: /^https?$/, error: 'must be http:// or https://' })
      .optional()
      .describe("Address of the server. Amazon's for the region unless set."),
    region: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .describe('`us-east-1` where an endpoint is given; else as the environment has it.'),
    path_style: z
      .boolean()
      .optional()
      .describe('The bucket in the path of an address instead of its name. Yes where an endpoint is given, unless set.'),
    access_key: z
      .string()
      .min(1)
      .optional()
      .describe(
        'With `secret_key`. Without both: what the environment, the files of the AWS tools, or the role of the machine say.',
      ),
    secret_key: z.string().min(1).optional().describe('`${file:/etc/tributary/s3.secret}`.'),
    session_token: z.string().min(1).optional().describe('Of keys that are temporary.'),
    sse: z
      .enum(['none', 's3', 'kms'])
      .default('none')
      .describe('Encryption by the server: with its keys (`s3`, SSE-S3) or those of its key service (`kms`, SSE-KMS).'),
    kms_key: z.string().min(1).optional().describe("Which key of the key service. The bucket's own unless set."),
    storage_class: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .describe('What the server calls the kind of storage. Its usual one unless set.'),
    checksums: z
      .enum(['required', 'supported'])
      .default('required')
      .describe(
        'The SHA-256 of all that is sent is in its signature. `supported` adds a CRC-32 that the server keeps, which many servers other than ' +
          "Amazon's refuse.",
      ),
    ca_file: z
      .string()
      .min(1)
      .optional()
      .describe('File with the authorities that the server is checked by, beside the usual ones.'),
    proxy: z
      .url({ protocol: /^https?$/, error: 'must be http:// or https://' })
      .optional()
      .describe(
        'HTTP proxy that is asked for a tunnel (CONNECT) to the server; none unless set. `http://name:password@proxy.example.com:3128` where it wants to know who asks.',
      ),
    part_bytes: bytesBetween({ min: '5MiB', max: '1GiB' })
      .prefault('8MiB')
      .describe('A larger object goes in parts of this size; four of all objects are in memory at a time.'),
    cache_bytes: bytesBetween({ min: '0B' })
      .prefault('1GiB')
      .describe('Parts of objects that searches fetched are kept in `data_dir`, up to so much. 0: none.'),
  })
  .superRefine((s3, report) => {
    const issue = (path: keyof typeof s3, message: string): void => report.addIssue({ code: 'custom', path: [path], message });
    if (s3.access_key !== undefined && s3.secret_key === undefined) issue('access_key', 'must have secret_key beside it');
    if (s3.secret_key !== undefined && s3.access_key === undefined) issue('secret_key', 'must have access_key beside it');
    if (s3.session_token !== undefined && s3.access_key === undefined) issue('session_token', 'must have access_key beside it');
    if (s3.kms_key !== undefined && s3.sse !== 'kms') issue('kms_key', 'is for sse: kms');
  });

const encryptionOptions = z.strictObject({
  key_file: z
    .string()
    .min(1)
    .describe(
      'File with 32 random bytes as 64 hexadecimal digits or base64: `openssl rand -hex 32`. Without it the archive is lost.',
    ),
  old_key_files: z.array(z.string().min(1)).max(100).default([]).describe('Keys that older objects are encrypted with.'),
  new_objects: z
    .boolean()
    .default(true)
    .describe('`false`: what is encrypted can be read, and what is new is not encrypted any more.'),
});

export const archiveOutput = z
  .strictObject({
    kind: z.literal('archive').describe('Compressed CSV in a folder or a bucket, with an index that `archive search` uses.'),
    name: z
      .string()
      .regex(/^[a-z0-9_-]{1,50}$/, 'must be 1 to 50 of a-z, 0-9, - and _')
      .default('archive')
      .describe('What `status` calls it. There is one: under another name it goes on.'),
    folder: z
      .string()
      .min(1)
      .optional()
      .describe('Where the objects are; one that all hubs share where there are several. `archive` in `data_dir` unless set.'),
    s3: s3Options.optional().describe('A bucket in place of a folder, of any server that speaks S3.'),
    object_bytes: bytesBetween({ min: '64KiB', max: '4GiB' })
      .prefault('64MiB')
      .describe('An object is written when so many bytes wait, before compression.'),
    roll_interval: durationBetween({ min: '100ms', max: '1h' })
      .prefault('60s')
      .describe('An object is written when the oldest record has waited so long.'),
    compression: z.enum(['zstd', 'gzip']).default('zstd').describe('How objects are compressed. gzip is slower and larger.'),
    encryption: encryptionOptions
      .optional()
      .describe('Objects are encrypted (AES-256-GCM) before they are written. `zstd -dc` cannot read them then.'),
    index_events: z
      .boolean()
      .default(false)
      .describe('Tell of each object as a platform event: a copy of the index for Elasticsearch.'),
    from: z.enum(['back']).default('back').describe('Which topic is archived: `back`, what the pipeline made of the records.'),
  })
  .superRefine(({ folder, s3 }, report) => {
    if (folder !== undefined && s3 !== undefined)
      report.addIssue({ code: 'custom', path: ['s3'], message: 'cannot stand beside folder: there is one archive' });
  });

export type ArchiveOutputOptions = z.output<typeof archiveOutput>;
export type ArchiveS3Options = NonNullable<ArchiveOutputOptions['s3']>;
