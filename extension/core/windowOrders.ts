/** Orders to a terminal's window, in what programs and servers print. Pure. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
const windowOrders = /\u001b\][^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const openOrders = /(?<!\u001b)\u001b+(?=\])/g;

/**
 * Without such orders (titles, links), and without the beginning of those that never end: Node's own
 * `stripVTControlCharacters`, for whatever is left, looks for the end of each through the whole text, which takes the
 * square of their number.
 */
export const withoutWindowOrders = (text: string): string =>
  text.replaceAll(windowOrders, '').replaceAll(openOrders, '');
