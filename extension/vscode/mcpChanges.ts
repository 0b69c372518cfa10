/** What a server has changed of its tools and instructions, side by side, before a person accepts it. */
import * as vscode from 'vscode';
import { McpError, type McpServers } from '../core/mcp.ts';
import type { McpPendingChange, McpServerInfo } from '../shared/mcp.ts';
import type { ComparedText, McpDocuments } from './mcpDocuments.ts';
import { askModal, noSignal, waitForReader } from './mcpPeopleAsk.ts';
import { called } from './mcpWords.ts';
import { visible } from './skillWords.ts';
import { count, firstLine, withoutLinks } from './words.ts';

export interface McpChangesPorts {
  readonly servers: Pick<McpServers, 'list' | 'pendingHash' | 'acceptChanges'>;
  readonly documents: Pick<McpDocuments, 'compare'>;
}

/** Servers that change faster than one can look are not accepted. */
const mostReadings = 5;
/** Lines of a dialog, for each of both lists. */
const mostListed = 8;

const nameOf = ({ what }: McpPendingChange): string =>
  what === 'instructions' ? 'its instructions' : called(what.tool, 60);

const kindWords = { added: 'new', changed: 'changed', removed: 'gone' } as const;

const listed = (lines: readonly string[]): readonly string[] =>
  lines.length <= mostListed
    ? lines
    : [...lines.slice(0, mostListed), `… and ${lines.length - mostListed} more, in the document`];

/** What stands in the question. Pure. */
export const changesDetail = (pending: readonly McpPendingChange[]): string => {
  const flagged = pending.flatMap((change) =>
    change.flags.map((flag) => `- ${nameOf(change)}: ${firstLine(visible(flag), 150)}`),
  );
  return [
    [
      'What is different:',
      ...listed(pending.map((change) => `- ${nameOf(change)} (${kindWords[change.kind]})`)),
    ].join('\n'),
    ...(flagged.length === 0 ? [] : [['Look twice:', ...listed(flagged)].join('\n')]),
    'Agents read these texts and follow them. Until you accept them, they stay hidden. Rules for a changed tool do not hold any more.',
  ].join('\n\n');
};

/** Flags stand in the document too: a dialog does not hold them all. */
const comparedOf = (change: McpPendingChange): ComparedText => {
  const flags =
    change.flags.length === 0
      ? ''
      : `${['Look twice:', ...change.flags.map((flag) => `- ${flag}`)].join('\n')}\n\n`;
  return {
    name: change.what === 'instructions' ? 'Instructions' : change.what.tool,
    before: change.before,
    after: change.after === undefined ? undefined : `${flags}${change.after}`,
  };
};

interface Reading {
  readonly info: McpServerInfo;
  readonly hash: string;
}

/** Both of one moment: what is accepted has to be what was shown. */
const read = async (servers: McpChangesPorts['servers'], name: string): Promise<Reading | undefined> => {
  for (let attempt = 0; attempt < mostReadings; attempt += 1) {
    const hash = await servers.pendingHash(name);
    const info = (await servers.list()).find((each) => each.name === name && each.state.kind !== 'shadowed');
    if (info === undefined) return undefined;
    if ((await servers.pendingHash(name)) === hash) return { info, hash };
  }
  throw new McpError(
    `The MCP server ${called(name)} changes its tools again and again. Nothing was accepted; stop it, or look at its log.`,
  );
};

/**
 * @param hash of `pendingHash`, when the person asked for it
 * @returns whether the changes were accepted
 * @throws McpError
 */
export const showMcpChanges = async (
  { servers, documents }: McpChangesPorts,
  { name }: Pick<McpServerInfo, 'name'>,
  hash: string,
): Promise<boolean> => {
  const shown = called(name);
  let asked = hash;
  for (let reading = 0; reading < mostReadings; reading += 1) {
    const found = await read(servers, name);
    if (found === undefined || found.info.pending.length === 0) {
      vscode.window.showInformationMessage(
        withoutLinks(`Nothing of the MCP server ${shown} waits to be looked at any more.`),
      );
      return false;
    }
    const { pending } = found.info;
    const hasMoved = found.hash !== asked;
    asked = found.hash;
    const title = `Accept ${count(pending.length, 'change')} of the MCP server ${shown}?`;
    const show = () => documents.compare(`MCP server ${shown}: accepted ↔ now`, pending.map(comparedOf));
    await show();
    const moved = 'It has changed since you were told: this is what it is now.\n\n';
    const detail = `${hasMoved ? moved : ''}${changesDetail(pending)}`;
    const buttons = ['Read Them First', 'Accept', 'Keep Hidden'];
    let answer = await askModal(title, detail, buttons);
    // A modal question lies over what it is about.
    while (answer === 'Read Them First') {
      if (!(await waitForReader(title, noSignal, show))) return false;
      answer = await askModal(title, detail, buttons);
    }
    if (answer !== 'Accept') return false;
    try {
      await servers.acceptChanges(name, found.hash);
      return true;
    } catch (error) {
      // Where it is still the same, something else went wrong.
      if ((await servers.pendingHash(name)) === found.hash) throw error;
      vscode.window.showWarningMessage(
        withoutLinks(
          `The MCP server ${shown} has changed again while you were looking. Nothing was accepted; this is what it is now.`,
        ),
      );
    }
  }
  throw new McpError(
    `The MCP server ${shown} changed each time it was looked at. Nothing was accepted; stop it, or look at its log.`,
  );
};
