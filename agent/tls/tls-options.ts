import * as z from 'zod';

const file = z.string().startsWith('/', 'must be an absolute path');

export const tlsOptions = z
  .strictObject({
    cert: file
      .optional()
      .describe("PEM file: this agent's certificate and what it was signed with. What `enroll` left in `data_dir` unless set."),
    key: file.optional().describe('PEM file: its key, of which others may read nothing.'),
    pkcs12: file.optional().describe('PKCS#12 file with both, instead of `cert` and `key`.'),
    passphrase: z
      .string()
      .min(1)
      .optional()
      .describe('Of an encrypted key or PKCS#12 file: `${file:/etc/tributary/agent.pass}`.'),
    ca: file
      .optional()
      .describe(
        "PEM file: what hubs' certificates are verified with. What `enroll` left in `data_dir` unless set; without either what the system trusts.",
      ),
    min_version: z.enum(['1.3', '1.2']).default('1.3').describe('The least version of TLS.'),
  })
  .refine((tls) => (tls.cert === undefined) === (tls.key === undefined), 'cert and key are given together, or neither of them')
  .refine((tls) => tls.pkcs12 === undefined || tls.cert === undefined, {
    path: ['pkcs12'],
    error: 'stands instead of tls.cert and tls.key',
  });

export type TlsConfig = z.output<typeof tlsOptions>;
