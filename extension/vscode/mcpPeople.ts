/** What MCP servers ask of the person, with VS Code's own dialogs, one at a time. Whatever fails, declines. */
import * as vscode from 'vscode';
import type { McpPeople } from '../core/mcp.ts';
import type { McpInput } from '../shared/mcp.ts';
import { createConsent } from './mcpConsent.ts';
import { createKeptFacts, type KeptFactsPorts } from './mcpConsentKept.ts';
import type { McpDocuments } from './mcpDocuments.ts';
import { askForm, type FormPorts } from './mcpElicit.ts';
import { askPage, openWebPage } from './mcpElicitPage.ts';
import { createAskInTurn, noSignal } from './mcpPeopleAsk.ts';
import { askSampling, type SamplingAskPorts } from './mcpSampling.ts';
import { called } from './mcpWords.ts';
import { visible } from './skillWords.ts';
import { firstLine, withoutIcons } from './words.ts';

export interface McpPeoplePorts extends FormPorts, SamplingAskPorts, KeptFactsPorts {
  readonly documents: McpDocuments;
}

const askInput = async (server: string, input: McpInput): Promise<string | undefined> => {
  const title = `The MCP server ${called(server)} needs a value: ${called(input.id)}`;
  const described = firstLine(visible(input.description), 300);
  if (input.options !== undefined) {
    // What is chosen is the value itself, whatever its row looks like.
    const rows = input.options.map((value) => ({ label: withoutIcons(visible(value)), value }));
    const top = rows.find(({ value }) => value === input.default);
    const items = top === undefined ? rows : [top, ...rows.filter((row) => row !== top)];
    const options = { title, placeHolder: described, ignoreFocusOut: true };
    return (await vscode.window.showQuickPick(items, options))?.value;
  }
  const where = input.isSecret
    ? 'It is kept in VS Code’s secret storage.'
    : 'It is kept until you have it forgotten.';
  return vscode.window.showInputBox({
    title,
    prompt: described === '' ? where : `${described} (${where})`,
    value: input.default ?? '',
    password: input.isSecret,
    ignoreFocusOut: true,
  });
};

export const createMcpPeople = (ports: McpPeoplePorts): McpPeople => {
  const { logError } = ports;
  const inTurn = createAskInTurn();
  const approveServer = createConsent({ ...ports, kept: createKeptFacts(ports) });

  /** What cannot be asked counts as a no. */
  const orElse = async <T>(whenFailed: T, ask: Promise<T>): Promise<T> => {
    try {
      return await ask;
    } catch (error) {
      logError(error);
      return whenFailed;
    }
  };

  return {
    approveServer: (...asked) =>
      orElse(
        false,
        inTurn(noSignal, false, () => approveServer(...asked)),
      ),
    askInput: (server, input) =>
      orElse(
        undefined,
        inTurn(noSignal, undefined, () => askInput(server, input)),
      ),
    elicit: (request, signal) =>
      orElse(
        { action: 'decline' },
        inTurn(signal, { action: 'cancel' }, () =>
          request.kind === 'form'
            ? askForm(request, ports, signal)
            : askPage(request, ports.documents, signal),
        ),
      ),
    sample: (request, signal) =>
      orElse(
        undefined,
        inTurn(signal, undefined, () => askSampling(request, ports, signal)),
      ),
    openBrowser: (url) => orElse(false, openWebPage(url)),
    externalUrl: async (url) =>
      // Without writing it anew: what stands behind the question mark would be another text.
      (await vscode.env.asExternalUri(vscode.Uri.parse(url))).toString(true),
  };
};
