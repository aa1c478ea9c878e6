/**
 * Where the pages are, for the server, which answers each of them (and what is below it) with the same document, and for the page's own
 * router. The first part of a path is enough: what comes behind it is the page's business.
 */
export const pagePaths = ['agents', 'search', 'pipelines', 'dead-letters', 'admin'] as const;
