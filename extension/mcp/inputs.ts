/** Values of `${input:…}`: typed once by a person, and kept. */
import { McpError, type McpPeople, type SecretBox } from '../core/mcp.ts';
import type { McpInput, McpServerConfig, McpSource } from '../shared/mcp.ts';

/** Where the value of a secret input is kept. Two files may use the same id for different things. */
export const mcpInputKey = ({ place, folder }: Pick<McpSource, 'place' | 'folder'>, id: string): string =>
  `mcp.input:${place}:${folder ?? ''}:${id}`;

/** Apart from the secrets: what was typed as one stays one, whatever a file says later. */
const plainKey = ({ place, folder }: McpSource, id: string): string =>
  `mcp.value:${place}:${folder ?? ''}:${id}`;

export interface McpInputs {
  /**
   * For McpConfigs.resolve. @param isPersonHere somebody has just asked for this start: they may be asked
   * @throws McpError where there is no value, saying how to give one
   */
  reader(config: McpServerConfig, isPersonHere: boolean): (input: McpInput) => Promise<string | undefined>;
  forget(config: McpServerConfig): Promise<void>;
}

export const createMcpInputs = (ports: {
  readonly secrets: SecretBox;
  readonly people: Pick<McpPeople, 'askInput'>;
}): McpInputs => {
  const { secrets, people } = ports;
  /** One question for each value, however many servers wait for it. */
  const asking = new Map<string, Promise<string | undefined>>();

  const ask = async (server: string, key: string, input: McpInput): Promise<string | undefined> => {
    const value = await people.askInput(server, input);
    if (value !== undefined) await secrets.set(key, value, !input.isSecret);
    return value;
  };

  return {
    reader: (config, isPersonHere) => async (input) => {
      const { id, isSecret } = input;
      const key = isSecret ? mcpInputKey(config.source, id) : plainKey(config.source, id);
      const kept = await secrets.get(key, !isSecret);
      if (kept !== undefined) return kept;
      if (!isPersonHere) {
        throw new McpError(
          `The MCP server ${config.name} needs a value (“${input.description}”): start it once in the view “MCP Servers”, which asks for it.`,
        );
      }
      const question = asking.get(key) ?? ask(config.name, key, input).finally(() => asking.delete(key));
      asking.set(key, question);
      const value = await question;
      if (value === undefined) {
        throw new McpError(
          `The MCP server ${config.name} was not started: no value was given for “${input.description}”. Start it again to be asked again.`,
        );
      }
      return value;
    },
    forget: async (config) => {
      for (const { id } of config.inputs) {
        for (const keyOf of [mcpInputKey, plainKey]) await secrets.delete(keyOf(config.source, id));
      }
    },
  };
};
