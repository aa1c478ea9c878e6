/** Limits of files that steps read again when they change. */

/** Geo databases of the world have about 130 MB. */
export const watchedFileBytesMax = 512 * 1024 * 1024;
/** How often it is looked whether one is another. */
export const watchedFilesLookMs = 2000;
