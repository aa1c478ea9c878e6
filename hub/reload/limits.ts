/** How often it is looked whether the configuration, or the files of pipelines, are others. */
export const filesLookMs = 2000;
/** What is being written has to stay the same for so long; after so many looks it is taken as it is. */
export const filesSettleMs = 250;
export const filesSettleLooksMax = 20;
/** Of a larger file only size and times are looked at. */
export const fileHashBytesMax = 16 * 1024 * 1024;
