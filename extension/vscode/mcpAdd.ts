/** Adds MCP servers: step by step, from a template, or by code. What is added is only written down, not started. */
import * as vscode from 'vscode';
import * as z from 'zod';
import { InputError } from '../core/agents.ts';
import type { McpConfigs, McpServers, McpTarget, McpTemplate } from '../core/mcp.ts';
import type { JsonObject } from '../shared/message.ts';
import { parse } from './commandInput.ts';
import {
  fillValues,
  firstFree,
  nameClash,
  nameOfAddress,
  nameOfCommand,
  nameProblem,
  usedInputIds,
  withFreeInputs,
} from './mcpEntry.ts';
import { chooseTarget, type McpFilePorts } from './mcpFiles.ts';
import { askAddress, askCommand, askName, askValues } from './mcpForm.ts';
import { called } from './mcpWords.ts';
import { withoutIcons, withoutLinks } from './words.ts';

/** A server as it is written down. */
export interface NewMcpServer {
  readonly target: McpTarget;
  readonly name: string;
  readonly entry: JsonObject;
  readonly inputs: readonly JsonObject[];
  /** Values of its inputs, by id. */
  readonly secrets: Readonly<Record<string, string>>;
}

export interface McpSavePorts {
  readonly configs: Pick<McpConfigs, 'save'>;
  /** Keeps the value of an input of a file in secret storage, where the servers look for it. */
  keepInput(target: McpTarget, id: string, value: string): Promise<void>;
}

export const saveServer = async (ports: McpSavePorts, server: NewMcpServer): Promise<void> => {
  const { target, name, entry, inputs, secrets } = server;
  await ports.configs.save(target, name, entry, inputs);
  for (const [id, value] of Object.entries(secrets)) await ports.keepInput(target, id, value);
};

export interface McpAddPorts extends McpSavePorts, Pick<McpFilePorts, 'userFile' | 'folders' | 'isTrusted'> {
  readonly servers: Pick<McpServers, 'list'>;
  readonly templates: readonly McpTemplate[];
  readonly isWindows: boolean;
  start(name: string): Promise<unknown>;
  logError(error: unknown): void;
}

/** What code may add: an entry as it stands in the file. */
const givenSchema = z.object({
  name: z.string().refine((name) => nameProblem(name) === undefined, 'cannot be the name of a server'),
  entry: z.record(z.string(), z.json()),
  inputs: z.array(z.record(z.string(), z.json())).max(100).default([]),
  /** Absolute path of an open folder; left out, the person's own file. */
  folder: z.string().optional(),
});

export const createMcpAdd = (ports: McpAddPorts) => {
  const { servers } = ports;
  const title = 'Add MCP server';

  const added = async (server: NewMcpServer): Promise<string> => {
    await saveServer(ports, server);
    return server.name;
  };

  /** Does not wait for the answer: the command is over. */
  const offerStart = (name: string): void => {
    const button = 'Start…';
    const message = `The MCP server ${called(name)} was added. It is not started until you have approved what it runs.`;
    const ask = async (): Promise<void> => {
      if ((await vscode.window.showInformationMessage(withoutLinks(message), button)) === button)
        await ports.start(name);
    };
    ask().catch(ports.logError);
  };

  /** The last steps of each way. */
  const finish = async (
    step: string,
    suggestion: string,
    make: (name: string, used: ReadonlySet<string>) => Pick<NewMcpServer, 'entry' | 'inputs' | 'secrets'>,
  ): Promise<string | undefined> => {
    const target = await chooseTarget(`${title}: where?`, ports);
    if (target === undefined) return undefined;
    const all = await servers.list();
    const clash = (name: string) => nameClash(name, all, target);
    const free = firstFree(suggestion, (name) => clash(name) !== undefined);
    const name = await askName(`${title} (${step}): name`, free, clash);
    if (name === undefined) return undefined;
    await added({ target, name, ...make(name, usedInputIds(all, target)) });
    offerStart(name);
    return name;
  };

  const addCommand = async (): Promise<string | undefined> => {
    const words = await askCommand(title, ports.isWindows);
    const [command, ...args] = words ?? [];
    if (words === undefined || command === undefined) return undefined;
    const env = await askValues(title, '3/5', 'env');
    if (env === undefined) return undefined;
    return finish('5/5', nameOfCommand(words), (name, used) => {
      const { values, inputs, secrets } = fillValues(name, env.typed, env.secret, used);
      const entry: JsonObject = {
        type: 'stdio',
        command,
        ...(args.length === 0 ? {} : { args }),
        ...(env.typed.length === 0 ? {} : { env: { ...values } }),
      };
      return { entry, inputs, secrets };
    });
  };

  const addAddress = async (): Promise<string | undefined> => {
    const url = await askAddress(title);
    if (url === undefined) return undefined;
    const headers = await askValues(title, '2/4', 'header');
    if (headers === undefined) return undefined;
    return finish('4/4', nameOfAddress(url), (name, used) => {
      const { values, inputs, secrets } = fillValues(name, headers.typed, headers.secret, used);
      const entry: JsonObject = {
        type: 'http',
        url,
        ...(headers.typed.length === 0 ? {} : { headers: { ...values } }),
      };
      return { entry, inputs, secrets };
    });
  };

  /** @param given by code: the id of a template */
  const addTemplate = async (given?: unknown): Promise<string | undefined> => {
    const { templates } = ports;
    const byId = typeof given === 'string' ? templates.find(({ id }) => id === given) : undefined;
    if (typeof given === 'string' && byId === undefined)
      throw new InputError(
        `There is no template ${called(given)}. There are: ${templates.map(({ id }) => id).join(', ')}.`,
      );
    const items = templates.map((template) => ({
      label: withoutIcons(template.label),
      description: template.needs === undefined ? '' : `needs ${template.needs}`,
      detail: withoutIcons(template.description),
      template,
    }));
    const options = {
      title: 'MCP server from a template',
      placeHolder: 'Choose a template',
      matchOnDetail: true,
    };
    const template = byId ?? (await vscode.window.showQuickPick(items, options))?.template;
    if (template === undefined) return undefined;
    const { entry, inputs } = template;
    return finish('2/2', template.name, (_name, used) =>
      withFreeInputs({ entry, inputs, secrets: {} }, used),
    );
  };

  const addGiven = async (given: unknown): Promise<string> => {
    const { name, entry, inputs, folder } = parse(givenSchema, given);
    if (folder !== undefined && !ports.folders().some((each) => each.path === folder))
      throw new InputError(`The folder ${folder} is not open. Nothing was written.`);
    if (folder !== undefined && !ports.isTrusted())
      throw new InputError('This workspace is not trusted, so nothing was written into it.');
    const target: McpTarget = folder === undefined ? { place: 'user' } : { place: 'anycowork', folder };
    // What is there is not replaced unseen.
    if (nameClash(name, await servers.list(), target)?.isSameFile === true)
      throw new InputError(
        `There is an MCP server ${called(name)} in that file already. Nothing was written.`,
      );
    return added({ target, name, entry, inputs, secrets: {} });
  };

  return {
    /**
     * @param given by code: name, entry, inputs, folder, as they are written down
     * @returns its name; undefined when the person thought better of it
     */
    addMcpServer: async (given?: unknown): Promise<string | undefined> => {
      if (given !== undefined && given !== null) return addGiven(given);
      const ways = [
        {
          label: '$(terminal) Command',
          detail: 'A program on this computer that is started: npx, uvx, docker, or one of your own',
          run: addCommand,
        },
        {
          label: '$(globe) Address',
          detail: 'A server on the network: https://…',
          run: addAddress,
        },
        {
          label: '$(library) From a Template…',
          detail: ports.templates.map(({ label }) => label).join(', '),
          run: () => addTemplate(),
        },
        {
          label: '$(cloud-download) Import…',
          detail: 'Servers that you have in another program',
          run: async () => {
            await vscode.commands.executeCommand('anycowork.importMcpServers');
            return undefined;
          },
        },
      ];
      const options = { title, placeHolder: 'What the server is' };
      return (await vscode.window.showQuickPick(ways, options))?.run();
    },
    addMcpTemplate: addTemplate,
  };
};
