// `npm run format`: writes every file in the one format.

import { runChecks } from './checks.ts';
import { listenForInterrupt } from './interrupt.ts';

const abort = new AbortController();
using _ = listenForInterrupt({ onFirst: () => abort.abort(), onAgain: () => abort.abort() });
const failed = await runChecks(
  [{ name: 'format', program: 'oxfmt', args: ['.'], remedy: 'mend what oxfmt names' }],
  abort.signal,
);
if (abort.signal.aborted) process.exitCode = 130;
else if (failed.length > 0) process.exitCode = 1;
