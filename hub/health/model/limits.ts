/** How long a trouble that is gone still colours its node: longer than the time between two looks of the rules. */
export const heldMs = 6000;
/** What changed lately, in memory. */
export const changesKeptMax = 2000;
/** The tree is coloured anew so often, and no oftener; with very many agents less often. */
export const refreshMs = 1000;
/** Nodes in one answer of the API, at most and unless told. */
export const nodesPerAnswerMax = 1000;
export const nodesPerAnswer = 100;
/** Hubs of one site see the same change at moments that differ by less. */
export const sameChangeMs = 20_000;
