/** MCP servers as views, agents and the chat speak of them. */
import type { JsonObject } from './message.ts';

/**
 * Where a server is configured, in the order in which one hides another of the same name: `.anycowork/mcp.json`,
 * `.vscode/mcp.json` and `.mcp.json` of the open folders, then the person's own file.
 */
export const mcpPlaces = ['anycowork', 'vscode', 'project', 'user'] as const;
export type McpPlace = (typeof mcpPlaces)[number];

export interface McpSource {
  readonly place: McpPlace;
  /** Absolute. */
  readonly file: string;
  /** For people: `.vscode/mcp.json`, `your servers`. */
  readonly label: string;
  /** Absolute path of the workspace folder it belongs to; absent for the person's own file. */
  readonly folder?: string;
  /** Where the entry begins in its file, from 1. */
  readonly line: number;
}

export interface StdioTransportConfig {
  readonly type: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly envFile?: string;
  readonly cwd?: string;
}

export interface RemoteTransportConfig {
  /** `http`: streamable HTTP, and where the server answers 4xx to that, SSE. */
  readonly type: 'http' | 'sse';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of a client that was registered there by hand; public ones have no secret. */
  readonly oauth?: {
    readonly clientId?: string;
    readonly clientSecret?: string;
    readonly scopes?: readonly string[];
  };
}

/** What a person is asked for when a server needs it: `${input:id}` in its configuration. */
export interface McpInput {
  readonly id: string;
  readonly description: string;
  readonly isSecret: boolean;
  readonly default?: string;
  /** Present: one of these. */
  readonly options?: readonly string[];
}

/** `2025`: begins with `initialize`; `auto`: asks which revision the server speaks first. */
export type McpProtocol = 'auto' | '2025';

/** As it stands in its file; variables are not replaced. */
export interface McpServerConfig {
  /** Unique among the servers that count. */
  readonly name: string;
  readonly source: McpSource;
  readonly transport: StdioTransportConfig | RemoteTransportConfig;
  readonly protocol: McpProtocol;
  /** Of one call, in milliseconds; progress begins it anew. */
  readonly callTimeoutMs: number;
  /** Those of its file that it names. */
  readonly inputs: readonly McpInput[];
}

/** An entry, or a whole file, that cannot be used. */
export interface McpConfigProblem {
  readonly source: McpSource;
  /** Absent: the file. */
  readonly name?: string;
  /** What is wrong and how to mend it. */
  readonly problem: string;
}

/** What a server says its tool can do. Hints: they can make a question sharper and never answer one. */
export interface McpToolHints {
  readonly readOnly?: boolean;
  readonly destructive?: boolean;
  readonly idempotent?: boolean;
  readonly openWorld?: boolean;
}

export interface McpToolDefinition {
  /** As the server calls it. */
  readonly name: string;
  readonly title?: string;
  readonly description: string;
  /** JSON Schema, as the server gave it. */
  readonly inputSchema: JsonObject;
  readonly outputSchema?: JsonObject;
  readonly hints: McpToolHints;
  /** SHA-256, in hexadecimal, of everything above. */
  readonly hash: string;
}

/** What a person has accepted of a server: what models see of it. */
export interface McpDefinitions {
  readonly instructions?: string;
  readonly tools: readonly McpToolDefinition[];
}

export type McpState =
  | { readonly kind: 'invalid'; readonly problem: string }
  /** Another one of that name counts: the label of its source. */
  | { readonly kind: 'shadowed'; readonly by: string }
  | { readonly kind: 'untrusted' }
  | { readonly kind: 'disabled' }
  /** Nobody has looked at the command or address, or it has changed since. */
  | { readonly kind: 'unapproved'; readonly hasChanged: boolean }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'ready'; readonly protocolVersion: string }
  | { readonly kind: 'signIn' }
  /** What happened, and what to do. */
  | { readonly kind: 'failed'; readonly reason: string };

/** A change of a tool or of the instructions that nobody has looked at: hidden from models until then. */
export interface McpPendingChange {
  /** `added` after the first start, `changed`, `removed`. */
  readonly kind: 'added' | 'changed' | 'removed';
  /** A tool's name; `instructions` for those. */
  readonly what: { readonly tool: string } | 'instructions';
  readonly before?: string;
  readonly after?: string;
  /** Reasons to look twice: hidden characters, other tools' names, orders to the model. */
  readonly flags: readonly string[];
}

/** One line of the view, with all that stands below it. */
export interface McpServerInfo {
  readonly name: string;
  readonly source: McpSource;
  readonly state: McpState;
  /** Of usable configurations. */
  readonly config?: McpServerConfig;
  /** Accepted ones, in the order of their names, with the name each has for models. */
  readonly tools: readonly (McpToolDefinition & {
    readonly modelName: string;
    readonly isEnabled: boolean;
    readonly flags: readonly string[];
  })[];
  readonly pending: readonly McpPendingChange[];
  readonly resources: number;
  readonly prompts: number;
  /** The person said that what it answers are their own words. */
  readonly isOwnWords: boolean;
  readonly allowsSampling: boolean;
  /** Tokens of this server are kept. */
  readonly isSignedIn: boolean;
}

/** A resource of a server, or a template of some, as the composer offers them. */
export interface McpResourceChoice {
  readonly server: string;
  /** Of a template: with `{variables}`. */
  readonly uri: string;
  readonly name: string;
  readonly description?: string;
  readonly isTemplate: boolean;
}

/** A prompt of a server, as the composer offers it. */
export interface McpPromptChoice {
  readonly server: string;
  readonly name: string;
  /** `mcp.server.prompt`, behind the slash. */
  readonly id: string;
  readonly description: string;
  /** `<topic> [style]` */
  readonly argumentHint?: string;
}

/** Words (and pictures) of a server that a person sends along with a message. */
export interface AttachedContext {
  readonly id: string;
  readonly kind: 'resource' | 'prompt';
  readonly server: string;
  /** For the chip and the message: a resource's name, `/mcp.server.prompt`. */
  readonly label: string;
  /** A resource's URI; a prompt's name. */
  readonly uri: string;
  /** What the model reads, fenced. */
  readonly text: string;
  /** Who speaks in it: `the MCP server x`. Absent where the person called its words their own. */
  readonly taint?: string;
}
