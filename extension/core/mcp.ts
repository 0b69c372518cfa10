/** What the product needs of MCP servers, and what MCP needs of the product. */
import type { Agent } from '../shared/agent.ts';
import type {
  AttachedContext,
  McpConfigProblem,
  McpInput,
  McpPromptChoice,
  McpResourceChoice,
  McpServerConfig,
  McpServerInfo,
  McpSource,
} from '../shared/mcp.ts';
import type { ImageBlock, JsonObject, JsonValue } from '../shared/message.ts';
import type { Tool } from './tool.ts';

/** Small texts, in VS Code's SecretStorage. No log and no process may have them, but for those said to be plain. */
export interface SecretBox {
  get(key: string, isPlain?: boolean): Promise<string | undefined>;
  set(key: string, text: string, isPlain?: boolean): Promise<void>;
  delete(key: string): Promise<void>;
}

/** A failure for a person, and for the model: what happened and what to do. */
export class McpError extends Error {
  override readonly name = 'McpError';
}

/** The server wants a sign-in that has not been done, or does not count any more. */
export class McpSignInError extends McpError {}

/** What is started or connected to, variables replaced. It holds secrets: never shown, logged or stored. */
export type ResolvedTransport =
  | {
      readonly type: 'stdio';
      readonly command: string;
      readonly args: readonly string[];
      /** What is configured; the process gets it besides the minimal environment. */
      readonly env: Readonly<Record<string, string>>;
      /** Absolute. */
      readonly cwd: string;
      /** What a person has typed as a secret: not to be logged, wherever the process prints it. */
      readonly secrets?: readonly string[];
    }
  | {
      readonly type: 'http' | 'sse';
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      /** Of a client that was registered there by hand; public ones have no secret. */
      readonly oauth?: {
        readonly clientId?: string;
        readonly clientSecret?: string;
        readonly scopes?: readonly string[];
      };
    };

/** What a person is shown, whole, before a server's first start. */
export interface McpConsent {
  /** SHA-256 of everything it names: another command, argument, variable, address or folder is another one. */
  readonly hash: string;
  /** The exact command line or address, one fact a line, secrets as `‹input:token›`. */
  readonly facts: readonly string[];
  /** Reasons to look twice: `npx fetches the newest version at each start`. */
  readonly warnings: readonly string[];
}

/** The configured servers, as far as files tell. */
export interface McpConfigs {
  /** Those that count come first of their name. Files of untrusted folders are read, and named as such by the manager. */
  read(): Promise<{
    readonly servers: readonly McpServerConfig[];
    readonly problems: readonly McpConfigProblem[];
  }>;
  onChange(listener: () => void): () => void;
  consent(config: McpServerConfig): Promise<McpConsent>;
  /**
   * Replaces variables. `ask` gives the value of an input, kept or typed just now; undefined: the person gave none.
   * @throws McpError naming the variable, file or folder that is missing
   */
  resolve(
    config: McpServerConfig,
    ask: (input: McpInput) => Promise<string | undefined>,
  ): Promise<ResolvedTransport>;
  /** Writes an entry into the file, keeping its comments and order; a missing file is made. @throws McpError */
  save(
    target: McpTarget,
    name: string,
    entry: JsonObject,
    inputs?: readonly JsonObject[],
  ): Promise<McpSource>;
  remove(source: McpSource, name: string): Promise<void>;
  close(): void;
}

/** The file that an entry is written to. */
export type McpTarget = { readonly place: 'user' } | { readonly place: 'anycowork'; readonly folder: string };

/** A configuration of another program that servers can be taken from. */
export interface McpImportSource {
  /** `Claude Desktop`, `Cursor`, `Cline`, `VS Code`. */
  readonly program: string;
  readonly file: string;
  readonly servers: readonly McpImportable[];
  /** Why it cannot be read. */
  readonly problem?: string;
}

export interface McpImportable {
  readonly name: string;
  /** The entry in our schema, with secret-looking values replaced by `${input:…}`. */
  readonly entry: JsonObject;
  readonly inputs: readonly JsonObject[];
  /** Values taken out of the entry, by input id. They go to the SecretBox. */
  readonly secrets: Readonly<Record<string, string>>;
  /** What is started or where it connects, for the list. */
  readonly summary: string;
}

export interface McpTemplate {
  readonly id: string;
  readonly label: string;
  readonly description: string;
  /** What it needs on this computer: `Node.js`, `uv`, `Docker`. */
  readonly needs?: string;
  readonly name: string;
  readonly entry: JsonObject;
  readonly inputs: readonly JsonObject[];
}

/** One field of a form that a server asks to be filled in. */
export interface McpFormField {
  readonly key: string;
  readonly title: string;
  readonly description?: string;
  readonly isRequired: boolean;
  readonly kind:
    | {
        readonly type: 'text';
        readonly format?: 'email' | 'uri' | 'date' | 'date-time';
        readonly minLength?: number;
        readonly maxLength?: number;
      }
    | {
        readonly type: 'number' | 'integer';
        readonly minimum?: number;
        readonly maximum?: number;
      }
    | { readonly type: 'boolean' }
    | {
        readonly type: 'choice';
        readonly options: readonly { readonly value: string; readonly label: string }[];
        /** Several may be chosen: bounds of their number. */
        readonly several?: { readonly min?: number; readonly max?: number };
      };
  readonly default?: string | number | boolean | readonly string[];
}

export type McpElicitation =
  | {
      readonly kind: 'form';
      readonly server: string;
      readonly message: string;
      readonly fields: readonly McpFormField[];
    }
  /** The whole URL is shown; nothing is fetched from it. */
  | { readonly kind: 'url'; readonly server: string; readonly message: string; readonly url: string };

export type McpFormAnswer =
  | { readonly action: 'accept'; readonly content?: Readonly<Record<string, JsonValue>> }
  | { readonly action: 'decline' | 'cancel' };

/** A server asks for an answer of the agent's model. */
export interface McpSampling {
  readonly server: string;
  /** The chat whose call the server works on: its model answers, and it pays. Absent where that is not known. */
  readonly sessionId?: string;
  readonly systemPrompt?: string;
  readonly messages: readonly {
    readonly role: 'user' | 'assistant';
    readonly text: string;
    readonly image?: ImageBlock;
  }[];
  readonly maxTokens: number;
}

/** What servers ask of the person. Everything fails closed: an error, or no window to ask in, declines. */
export interface McpPeople {
  /**
   * A person reads what would be started, whole. @param before what was approved earlier, where it has changed
   * @returns whether it may
   */
  approveServer(name: string, source: McpSource, consent: McpConsent, hasChanged: boolean): Promise<boolean>;
  askInput(server: string, input: McpInput): Promise<string | undefined>;
  elicit(request: McpElicitation, signal: AbortSignal): Promise<McpFormAnswer>;
  /** @returns the text of the model's answer, or undefined where the person refused */
  sample(
    request: McpSampling,
    signal: AbortSignal,
  ): Promise<{ readonly text: string; readonly model: string } | undefined>;
  /** Opens a sign-in page. The URL is http(s). */
  openBrowser(url: string): Promise<boolean>;
  /** The address at which a browser of the person reaches a port of this computer, as `asExternalUri` says. */
  externalUrl(url: string): Promise<string>;
}

export type McpLogLevel = 'debug' | 'info' | 'warning' | 'error';

/** The log of one server; kept short by its owner. */
export interface McpLog {
  write(server: string, level: McpLogLevel, text: string): void;
}

/** Who a tool call works for: decides what the server may ask meanwhile. */
export interface McpCaller {
  readonly sessionId: string;
  /** It was begun from a phone or a schedule: nobody may sit at the desk. */
  readonly isAway: boolean;
}

/** The MCP servers of a window. */
export interface McpServers {
  /** In the order of the view: sources, then names. Starts nothing. */
  list(): Promise<readonly McpServerInfo[]>;
  /** States, lists and files have changed. Often: whoever draws waits a moment. */
  onChange(listener: () => void): () => void;
  /** What would be started; for looking at it. @throws McpError */
  consent(name: string): Promise<McpConsent>;
  /**
   * Starts it; asks first where its command has not been approved, for inputs, and whether its tools are accepted the
   * first time (that is part of approving it). @throws McpError, McpSignInError
   */
  start(name: string, signal?: AbortSignal): Promise<void>;
  stop(name: string): Promise<void>;
  restart(name: string): Promise<void>;
  setEnabled(name: string, isEnabled: boolean): Promise<void>;
  setToolEnabled(name: string, tool: string, isEnabled: boolean): Promise<void>;
  setOwnWords(name: string, isOwnWords: boolean): Promise<void>;
  setAllowsSampling(name: string, allows: boolean): Promise<void>;
  /** Accepts what has changed, if it is still what was looked at. @param hash of `pendingHash` */
  acceptChanges(name: string, hash: string): Promise<void>;
  /** Names what is waiting now; changes with it. */
  pendingHash(name: string): Promise<string>;
  signIn(name: string, signal: AbortSignal): Promise<void>;
  signOut(name: string): Promise<void>;
  /** Forgets values that were typed for its inputs. */
  forgetInputs(name: string): Promise<void>;

  /** The tools of the servers that an agent may use, out of what was accepted: nothing is waited for. */
  tools(agent: Agent, caller: McpCaller, contextTokens: number): Promise<readonly Tool[]>;
  /** The accepted instructions, fenced; empty where there are none. */
  instructionsText(agent: Agent): Promise<string>;
  /** Starts what it has to, within a few seconds; what does not answer is left out. */
  resources(agent: Agent, text: string, signal: AbortSignal): Promise<readonly McpResourceChoice[]>;
  /** Values for a variable of a template, or an argument of a prompt, that begin as typed. */
  complete(
    of: { readonly server: string } & ({ readonly uri: string } | { readonly prompt: string }),
    argument: { readonly name: string; readonly value: string },
    known: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  /** @throws McpError */
  readResource(server: string, uri: string, signal: AbortSignal): Promise<McpAttachment>;
  /** Of servers that run, as they were listed last: nothing is started or waited for. */
  prompts(agent: Agent): Promise<readonly McpPromptChoice[]>;
  promptArguments(
    server: string,
    prompt: string,
    signal: AbortSignal,
  ): Promise<
    readonly { readonly name: string; readonly description?: string; readonly isRequired: boolean }[]
  >;
  getPrompt(
    server: string,
    prompt: string,
    values: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<McpAttachment>;
  /** Ends every process and connection, within 3 s. */
  close(): Promise<void>;
}

/** What is attached, and the pictures that go with it. */
export interface McpAttachment {
  readonly context: AttachedContext;
  readonly images: readonly ImageBlock[];
}
