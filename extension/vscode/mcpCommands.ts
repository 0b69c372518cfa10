/** Commands about MCP servers: from the palette, from the view with the row that was clicked, and by code with a name. */
import * as vscode from 'vscode';
import type { McpServers } from '../core/mcp.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { McpServerInfo } from '../shared/mcp.ts';
import { createMcpAdd, type McpAddPorts } from './mcpAdd.ts';
import { createMcpFiles, type McpFilePorts, openEntry } from './mcpFiles.ts';
import { createMcpImport, type McpImportPorts } from './mcpImport.ts';
import { toolText } from './mcpItems.ts';
import { type McpChoice, pickServer, pickTool } from './mcpPicker.ts';
import { type McpSignInAsk, needsSignIn, tellMcpFailure } from './mcpSignIn.ts';
import { called, isRemote, serverMarks, sourceText } from './mcpWords.ts';
import { cancellable } from './progressTask.ts';
import { visible } from './skillWords.ts';
import { withoutLinks } from './words.ts';

export interface McpCommandPorts
  extends Omit<McpAddPorts, 'start'>,
    Omit<McpImportPorts, 'showServers'>,
    McpFilePorts {
  readonly servers: McpServers;
  readonly configs: McpAddPorts['configs'] & McpFilePorts['configs'];
  readonly signIns: McpSignInAsk;
  /** Shows what has changed, and has it accepted. @param hash of `pendingHash` */
  showChanges(info: McpServerInfo, hash: string): Promise<unknown>;
  /** A document that only shows text. */
  showText(title: string, text: string): Promise<void>;
  showLog(name: string): void;
  /** Reads the files anew. */
  refresh(): void;
}

export const createMcpCommands = (ports: McpCommandPorts) => {
  const { servers, signIns } = ports;
  const files = createMcpFiles(ports);

  /** A command about one server. @returns false where there is none, or the person thought better of it */
  const about =
    (choice: McpChoice, act: (info: McpServerInfo, isByCode: boolean) => Promise<boolean>) =>
    async (given?: unknown): Promise<boolean> => {
      const info = await pickServer(servers, given, choice);
      return info === undefined ? false : act(info, typeof given === 'string');
    };

  /** As `about`, for what one call of the servers does. */
  const simply = (choice: McpChoice, act: (name: string) => Promise<void>) =>
    about(choice, async ({ name }) => {
      await act(name);
      return true;
    });

  const showServers = async (): Promise<void> => {
    await vscode.commands.executeCommand('anycowork.mcp.focus');
  };

  /** @returns false when the person cancelled it, or it failed and they were told */
  const start = async (name: string, isByCode: boolean, stopsFirst = false): Promise<boolean> => {
    try {
      if (stopsFirst) await servers.stop(name);
      const done = await cancellable(`Starting the MCP server ${called(name)}…`, async (_report, signal) => {
        await servers.start(name, signal);
        return true;
      });
      return done === true;
    } catch (error) {
      if (isByCode) throw error;
      const info = (await servers.list()).find(
        (each) => each.name === name && each.state.kind !== 'shadowed',
      );
      // None of these waits for an answer: the command is over.
      if (needsSignIn(error)) signIns.offer(name).catch(ports.logError);
      // Whoever has just pressed Cancel needs no alarm.
      else if (info?.state.kind === 'unapproved')
        vscode.window.showInformationMessage(withoutLinks(reasonOf(error)));
      else tellMcpFailure(name, error, ports).catch(ports.logError);
      return false;
    }
  };

  const confirm = async (title: string, detail: string, button: string): Promise<boolean> =>
    (await vscode.window.showWarningMessage(title, { modal: true, detail }, button)) === button;

  const setTool = (isEnabled: boolean) => {
    const verb = isEnabled ? 'Enable' : 'Disable';
    return async (given?: unknown, name?: unknown): Promise<boolean> => {
      const picked = await pickTool(servers, given, name, {
        title: `${verb} a tool`,
        none: isEnabled
          ? 'No tool of an MCP server is turned off.'
          : 'There is no tool to turn off. Tools are known once their server has been started.',
        fits: (tool) => tool.isEnabled !== isEnabled,
      });
      if (picked === undefined) return false;
      await servers.setToolEnabled(picked.info.name, picked.tool.name, isEnabled);
      return true;
    };
  };

  return {
    showMcpServers: showServers,
    refreshMcpServers: async () => ports.refresh(),
    ...createMcpAdd({ ...ports, start: (name) => start(name, false) }),
    ...createMcpImport({ ...ports, showServers }),
    editMcpServer: about({ title: 'Edit an MCP server' }, async ({ source }) => {
      await openEntry(source);
      return true;
    }),
    removeMcpServer: about(
      {
        title: 'Remove an MCP server',
        fits: serverMarks.isConfigured,
        misfit: 'Its entry cannot be read. Open the file and remove it there.',
      },
      (info, isByCode) => files.remove(info, !isByCode),
    ),
    openMcpConfig: files.openConfig,
    startMcpServer: about(
      {
        title: 'Start an MCP server',
        fits: serverMarks.canStart,
        none: 'There is no MCP server to start: they run, are turned off, or cannot be used.',
        misfit: 'It cannot be started: it runs, is turned off, or cannot be used here.',
      },
      ({ name }, isByCode) => start(name, isByCode),
    ),
    stopMcpServer: simply(
      {
        title: 'Stop an MCP server',
        fits: serverMarks.canStop,
        none: 'No MCP server runs.',
        misfit: 'It does not run.',
      },
      (name) => servers.stop(name),
    ),
    restartMcpServer: about(
      {
        title: 'Restart an MCP server',
        fits: serverMarks.canRestart,
        none: 'No MCP server runs.',
        misfit: 'It does not run.',
      },
      ({ name }, isByCode) => start(name, isByCode, true),
    ),
    enableMcpServer: simply(
      {
        title: 'Enable an MCP server',
        fits: serverMarks.canEnable,
        none: 'No MCP server is turned off.',
        misfit: 'It is not turned off.',
      },
      (name) => servers.setEnabled(name, true),
    ),
    disableMcpServer: simply(
      {
        title: 'Disable an MCP server',
        fits: serverMarks.canDisable,
        none: 'There is no MCP server to turn off.',
        misfit: 'It cannot be turned off: it is off already, or cannot be used.',
      },
      (name) => servers.setEnabled(name, false),
    ),
    enableMcpTool: setTool(true),
    disableMcpTool: setTool(false),
    showMcpTool: async (given?: unknown, name?: unknown): Promise<boolean> => {
      const picked = await pickTool(servers, given, name, {
        title: 'Definition of a tool',
        none: 'There is no tool yet. Tools are known once their server has been started.',
        fits: () => true,
      });
      if (picked === undefined) return false;
      const { info, tool } = picked;
      await ports.showText(`${called(tool.name)} (${called(info.name)})`, toolText(info.name, tool));
      return true;
    },
    reviewMcpChanges: about(
      {
        title: 'Review changes of an MCP server',
        fits: serverMarks.canReview,
        none: 'Nothing has changed that you have not looked at.',
      },
      async (info) => {
        await ports.showChanges(info, await servers.pendingHash(info.name));
        return true;
      },
    ),
    showMcpCommand: about(
      {
        title: 'What an MCP server starts',
        fits: serverMarks.canShow,
        none: 'There is no MCP server that could be started.',
        misfit: 'It cannot be used, so nothing is started for it.',
      },
      async (info) => {
        const { facts, warnings } = await servers.consent(info.name);
        const does =
          info.config !== undefined && isRemote(info.config)
            ? 'connects to this address'
            : 'is this program, started on this computer, outside of the sandbox';
        const text = [
          `The MCP server ${called(info.name)} ${does}.`,
          `Configured in ${sourceText(info)}: ${visible(info.source.file)}`,
          '',
          ...facts,
          ...(warnings.length === 0 ? [] : ['', 'Look twice:', ...warnings.map((each) => `- ${each}`)]),
          '',
        ].join('\n');
        await ports.showText(`MCP server ${called(info.name)}`, text);
        return true;
      },
    ),
    showMcpLog: about({ title: 'Log of an MCP server' }, async ({ name }) => {
      ports.showLog(name);
      return true;
    }),
    signInMcpServer: about(
      {
        title: 'Sign in to an MCP server',
        // One that has not been asked yet may want it too.
        fits: (info) =>
          serverMarks.canSignIn(info) ||
          (info.config !== undefined &&
            isRemote(info.config) &&
            (info.state.kind === 'stopped' || info.state.kind === 'failed')),
        none: 'No MCP server wants a sign-in.',
        misfit: 'It wants no sign-in.',
      },
      ({ name }) => signIns.signIn(name),
    ),
    signOutMcpServer: about(
      {
        title: 'Sign out of an MCP server',
        fits: serverMarks.canSignOut,
        none: 'You are signed in to no MCP server.',
        misfit: 'You are not signed in to it.',
      },
      async ({ name }) => {
        await servers.signOut(name);
        vscode.window.showInformationMessage(
          withoutLinks(`Signed out of the MCP server ${called(name)}. Its tokens were forgotten.`),
        );
        return true;
      },
    ),
    trustMcpResults: about(
      {
        title: 'Treat answers of an MCP server as mine',
        fits: serverMarks.canTrust,
        none: 'There is no such MCP server: approve and start one first.',
        misfit: 'Its answers count as yours already, or it has not been approved.',
      },
      async ({ name }) => {
        const isSure = await confirm(
          `Treat what the MCP server ${called(name)} answers as your own words?`,
          'Now its answers count as words of somebody else: after one, steps that rules or the mode would let run ask first, until your next message.\n\nWith this, steps go on by your rules and the mode after its answers. If anybody else can write what this server reads, such as messages, tickets or web pages, they can then tell your agent what to do without you being asked.',
          'Treat Its Answers as Mine',
        );
        if (isSure) await servers.setOwnWords(name, true);
        return isSure;
      },
    ),
    distrustMcpResults: simply(
      {
        title: 'Stop treating answers of an MCP server as mine',
        fits: serverMarks.canDistrust,
        none: 'The answers of no MCP server count as yours.',
        misfit: 'Its answers do not count as yours.',
      },
      (name) => servers.setOwnWords(name, false),
    ),
    allowMcpSampling: about(
      {
        title: 'Let an MCP server ask the model',
        fits: serverMarks.canAllow,
        none: 'There is no such MCP server: approve and start one first.',
        misfit: 'It may ask the model already, or has not been approved.',
      },
      async ({ name }) => {
        const isSure = await confirm(
          `Let the MCP server ${called(name)} ask your model?`,
          'It can then send texts to the model of your agent, which costs what your own messages cost, and gets the answer back. You are asked each time, and see what it sends. The model has no tools for it. Your keys stay here.',
          'Let It Ask',
        );
        if (isSure) await servers.setAllowsSampling(name, true);
        return isSure;
      },
    ),
    denyMcpSampling: simply(
      {
        title: 'Stop an MCP server from asking the model',
        fits: serverMarks.canDeny,
        none: 'No MCP server may ask the model.',
        misfit: 'It may not ask the model.',
      },
      (name) => servers.setAllowsSampling(name, false),
    ),
    forgetMcpInputs: about(
      {
        title: 'Forget values typed for an MCP server',
        fits: serverMarks.canForget,
        none: 'No MCP server asks for values.',
        misfit: 'It asks for no values.',
      },
      async ({ name }) => {
        await servers.forgetInputs(name);
        vscode.window.showInformationMessage(
          withoutLinks(
            `What was typed for the MCP server ${called(name)} was forgotten. Its next start asks again.`,
          ),
        );
        return true;
      },
    ),
  };
};
