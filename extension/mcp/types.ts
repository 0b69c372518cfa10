/** How the parts of the MCP client speak with each other. */
import type { AuthProvider } from '@modelcontextprotocol/client';
import type {
  McpElicitation,
  McpFormAnswer,
  McpLogLevel,
  McpSampling,
  McpSignInError,
  ResolvedTransport,
} from '../core/mcp.ts';
import type { McpDefinitions, McpProtocol, McpToolDefinition } from '../shared/mcp.ts';
import type { JsonObject } from '../shared/message.ts';

/** Times of a connection, in milliseconds. */
export interface McpTimes {
  readonly connect: number;
  readonly list: number;
  /** From asking a process to end until it is killed. */
  readonly shutdown: number;
}

export const mcpTimes: McpTimes = { connect: 30_000, list: 30_000, shutdown: 1_500 };

/** Which era a server spoke when it was last asked, and when that was. */
export interface McpEra {
  readonly kind: 'modern' | 'legacy';
  readonly at: number;
}

export interface McpServerFacts {
  readonly protocolVersion: string;
  readonly era: 'modern' | 'legacy';
  readonly instructions?: string;
  readonly has: {
    readonly tools: boolean;
    readonly resources: boolean;
    readonly prompts: boolean;
    readonly completions: boolean;
  };
}

/** One part of what a tool, a resource or a prompt gives. */
export type McpContent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image' | 'audio'; readonly mediaType: string; readonly data: string }
  | {
      readonly type: 'link';
      readonly uri: string;
      readonly name: string;
      readonly description?: string;
      readonly mediaType?: string;
    }
  /** One of `text` and `data` (base64). */
  | {
      readonly type: 'resource';
      readonly uri: string;
      readonly mediaType?: string;
      readonly text?: string;
      readonly data?: string;
    };

export interface McpCallResult {
  readonly content: readonly McpContent[];
  readonly structured?: JsonObject;
  /** The structured content does not fit the tool's schema: why. */
  readonly structuredProblem?: string;
  readonly isError: boolean;
}

export interface McpProgress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

export interface McpResource {
  readonly uri: string;
  readonly name: string;
  readonly description?: string;
  readonly mediaType?: string;
}

export interface McpPrompt {
  readonly name: string;
  readonly description: string;
  readonly arguments: readonly {
    readonly name: string;
    readonly description?: string;
    readonly isRequired: boolean;
  }[];
}

/** What a server may ask and tell while it is connected. */
export interface McpHandlers {
  elicit(request: McpElicitation, signal: AbortSignal): Promise<McpFormAnswer>;
  /** Absent: not offered to the server. */
  sample?(
    request: McpSampling,
    signal: AbortSignal,
  ): Promise<{ readonly text: string; readonly model: string } | undefined>;
  /** The open folders, as file URIs. */
  roots(): readonly { readonly uri: string; readonly name: string }[];
  log(level: McpLogLevel, text: string): void;
  listChanged(what: 'tools' | 'resources' | 'prompts'): void;
}

export interface McpConnection {
  readonly facts: McpServerFacts;
  /** Resolves when it has ended, however: why, in a sentence for a person. Empty after `close`. */
  readonly closed: Promise<string>;
  listTools(signal: AbortSignal): Promise<readonly McpToolDefinition[]>;
  /**
   * @param call `timeoutMs` without progress, ten times that in all
   * @throws McpError for whatever the server or the connection does; the signal's reason when aborted
   */
  callTool(
    call: {
      readonly name: string;
      readonly input: JsonObject;
      readonly timeoutMs: number;
      readonly onProgress: (progress: McpProgress) => void;
    },
    signal: AbortSignal,
  ): Promise<McpCallResult>;
  listResources(signal: AbortSignal): Promise<readonly McpResource[]>;
  /** Their `uri` has variables. */
  listTemplates(signal: AbortSignal): Promise<readonly McpResource[]>;
  readResource(uri: string, signal: AbortSignal): Promise<readonly McpContent[]>;
  listPrompts(signal: AbortSignal): Promise<readonly McpPrompt[]>;
  getPrompt(
    name: string,
    values: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<readonly { readonly role: 'user' | 'assistant'; readonly content: McpContent }[]>;
  complete(
    of: { readonly uri: string } | { readonly prompt: string },
    argument: { readonly name: string; readonly value: string },
    known: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  /** The open folders are others now. */
  rootsChanged(): void;
  /** Ends the process with all it has started, or the session. Never rejects; within 3 s. */
  close(): Promise<void>;
}

export interface McpConnectRequest {
  readonly name: string;
  readonly transport: ResolvedTransport;
  readonly protocol: McpProtocol;
  /** What it spoke the last time, where that was not long ago. */
  readonly prior?: McpEra;
  /** Of remote servers. */
  readonly auth?: McpAuth;
  readonly handlers: McpHandlers;
}

/** @throws McpError, McpSignInError, the signal's reason */
export type McpConnect = (request: McpConnectRequest, signal: AbortSignal) => Promise<McpConnection>;

/**
 * What a connection knows of a sign-in; transports take it as their `authProvider`. Not an OAuthClientProvider: of
 * those the SDK renews tokens once for each connection, and asks whatever address the server names.
 */
export interface McpAuth extends AuthProvider {
  /** Renewed where it has run out. @throws McpSignInError; McpError where it could not be renewed just now */
  token(): Promise<string | undefined>;
  /** After a 401: renews the token, once for all connections. @throws as `token` */
  onUnauthorized(context: Parameters<NonNullable<AuthProvider['onUnauthorized']>>[0]): Promise<void>;
  /**
   * After a 403 `insufficient_scope` (the SDK's InsufficientScopeError): the next sign-in asks for that, too.
   * @returns what the connection throws
   */
  stepUp(challenge: {
    readonly requiredScope?: string | undefined;
    readonly resourceMetadataUrl?: URL | undefined;
  }): McpSignInError;
}

/** Sign-ins at remote servers. Tokens are kept by the issuer that gave them. */
export interface McpSignIns {
  /** For a connection that must not open a browser: where a sign-in is needed, connecting throws McpSignInError. */
  provider(server: RemoteServer): Promise<McpAuth>;
  /** Opens the browser, waits for the person, keeps the tokens. @throws McpError, the signal's reason */
  signIn(server: RemoteServer, signal: AbortSignal): Promise<void>;
  signOut(server: RemoteServer): Promise<void>;
  isSignedIn(server: RemoteServer): Promise<boolean>;
}

export type RemoteServer = Pick<
  Extract<ResolvedTransport, { type: 'http' | 'sse' }>,
  'url' | 'oauth' | 'headers'
> & {
  readonly name: string;
};

/** What is kept of a server whose command or address a person has approved, by the hash of that. */
export interface McpRecord {
  /** For people who look for the file. */
  readonly name: string;
  readonly approvedAt: number;
  /** Absent until it has been ready once. */
  readonly definitions?: McpDefinitions;
  readonly era?: McpEra;
  readonly isOwnWords: boolean;
  readonly allowsSampling: boolean;
  /** Names of tools the person turned off. */
  readonly disabledTools: readonly string[];
}

export interface McpRecords {
  get(hash: string): Promise<McpRecord | undefined>;
  /** Read, changed and replaced in turn. */
  change(hash: string, change: (record: McpRecord | undefined) => McpRecord): Promise<void>;
  /** What the person turned off, by the server's name and place; and the hash approved last, to tell what has changed. */
  isDisabled(key: string): Promise<boolean>;
  setDisabled(key: string, isDisabled: boolean): Promise<void>;
  lastHash(key: string): Promise<string | undefined>;
  setLastHash(key: string, hash: string): Promise<void>;
  onChange(listener: () => void): () => void;
  close(): void;
}
