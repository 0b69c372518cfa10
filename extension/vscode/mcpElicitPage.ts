/** A page that a server asks to be opened: its whole address first, and nothing is fetched from it. */
import { domainToUnicode } from 'node:url';
import * as vscode from 'vscode';
import type { McpElicitation, McpFormAnswer } from '../core/mcp.ts';
import { markedLines } from '../core/shownText.ts';
import type { McpDocuments } from './mcpDocuments.ts';
import { askModal, waitForReader } from './mcpPeopleAsk.ts';
import { called } from './mcpWords.ts';
import { visible } from './skillWords.ts';
import { withoutLinks } from './words.ts';

type Page = Extract<McpElicitation, { kind: 'url' }>;

/** Characters and lines that a dialog holds. */
const longestAddress = 1_500;
const longestMessage = 600;
const mostMessageLines = 8;

const webAddress = (text: string): URL | undefined => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) && url.hostname !== '' ? url : undefined;
};

/**
 * The address as it stands: as a Uri of VS Code, `%26` and the like in it would be written anew and mean something else.
 * @returns whether it was opened
 */
export const openWebPage = async (text: string): Promise<boolean> => {
  const url = webAddress(text);
  if (url === undefined) return false;
  // VS Code takes a text too, which its types do not say.
  return (await Reflect.apply(vscode.env.openExternal, vscode.env, [url.href])) === true;
};

const isThisComputer = (host: string): boolean =>
  /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|\[::1\]|0\.0\.0\.0)$/i.test(host);

/** What there is to know of an address, a line each; the domain first. Pure. */
export const addressLines = (url: URL): readonly string[] => {
  const { hostname, port, username, password, protocol } = url;
  const unicode = domainToUnicode(hostname);
  return [
    `Domain: ${hostname}${port === '' ? '' : `, port ${port}`}`,
    ...(hostname === unicode || unicode === ''
      ? []
      : [`It is written “${visible(unicode)}”, with letters that can look like others.`]),
    ...(username === '' && password === ''
      ? []
      : [
          'In front of the domain there is a name and an @. That is not where it leads: only the domain counts.',
        ]),
    ...(protocol === 'http:' && !isThisComputer(hostname)
      ? ['Without https everybody on the way can read and change what is sent.']
      : []),
    ...(isThisComputer(hostname) ? ['It leads to a program on this computer.'] : []),
  ];
};

const isShortMessage = (message: string): boolean =>
  message.length <= longestMessage && message.split('\n').length <= mostMessageLines;

export const askPage = async (
  { server, message, url: text }: Page,
  documents: Pick<McpDocuments, 'show'>,
  signal: AbortSignal,
): Promise<McpFormAnswer> => {
  const url = webAddress(text);
  if (url === undefined) return { action: 'decline' };
  const name = called(server);
  const title = `Open a page for the MCP server ${name}?`;
  const words = `The words of the server:\n${markedLines(message)}`;
  const after =
    'What you type there goes to whoever runs that page. Nothing has been fetched from it. The server is told only whether you opened it.';
  const whole = [...addressLines(url), '', `Address: ${visible(url.href)}`].join('\n');
  const isShort = url.href.length <= longestAddress && isShortMessage(message);
  const showWhole = 'Show It Whole';
  const open = 'Open in Browser';
  const decline = 'Decline';
  let wasShown = false;
  for (;;) {
    const detail = isShort
      ? [whole, ...(message.trim() === '' ? [] : [words]), after].join('\n\n')
      : [
          addressLines(url).join('\n'),
          `There is more to read than a dialog can show: choose ${showWhole}.`,
          after,
        ].join('\n\n');
    const answer = await askModal(title, detail, [
      decline,
      ...(isShort ? [] : [showWhole]),
      ...(isShort || wasShown ? [open] : []),
    ]);
    if (signal.aborted) {
      // A dialog cannot be closed by code.
      if (answer === open)
        vscode.window.showInformationMessage(
          withoutLinks(`The MCP server ${name} does not wait for the page any more. It was not opened.`),
        );
      return { action: 'cancel' };
    }
    if (answer === decline) return { action: 'decline' };
    if (answer === open) return { action: (await openWebPage(url.href)) ? 'accept' : 'cancel' };
    if (answer !== showWhole) return { action: 'cancel' };
    const wantsToDecide = await waitForReader(title, signal, () =>
      documents.show(`Page for MCP server ${name}`, `${whole}\n\n${words}\n\n${after}\n`),
    );
    if (!wantsToDecide) return { action: 'cancel' };
    wasShown = true;
  }
};
