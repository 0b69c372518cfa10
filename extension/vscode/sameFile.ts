/** Whether two absolute paths name one file. VS Code writes drive letters small, and Windows ignores case altogether. */
export const isSameFile = (a: string, b: string, platform: NodeJS.Platform = process.platform): boolean =>
  a === b || (platform === 'win32' && a.toLowerCase() === b.toLowerCase());
