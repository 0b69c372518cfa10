/** Tools that VS Code has, as far as they are offered to agents. */

interface Token {
  readonly isCancellationRequested: boolean;
  onCancellationRequested(listener: () => void): { dispose(): void };
}

export interface FakeLmTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema?: object;
  run(input: object, token: Token): unknown;
}

export const ConfigurationTarget = { Global: 1, Workspace: 2, WorkspaceFolder: 3 };

/** A test puts tools there. */
export const lm = {
  tools: [] as FakeLmTool[],
  invoked: [] as (readonly [string, object])[],
  invokeTool: async (
    name: string,
    { input }: { readonly input: object },
    token: Token,
  ): Promise<{ readonly content: unknown }> => {
    lm.invoked.push([name, input]);
    const tool = lm.tools.find((each) => each.name === name);
    if (tool === undefined) throw new Error(`No tool ${name}`);
    return { content: await tool.run(input, token) };
  },
};

export const resetLm = (): void => {
  lm.tools = [];
  lm.invoked = [];
};
