/** Sign-ins at MCP servers, as a person begins them: by a command, or by the button of a message. */
import * as vscode from 'vscode';
import { type McpServers, McpSignInError } from '../core/mcp.ts';
import { reasonOf } from '../core/reasonOf.ts';
import { called } from './mcpWords.ts';
import { cancellable } from './progressTask.ts';
import { withoutLinks } from './words.ts';

export interface McpSignInAsk {
  /** @returns false when the person cancelled it. @throws McpError */
  signIn(name: string): Promise<boolean>;
  /** A message with a button, one for each server at a time. Never rejects: a failure is told. */
  offer(name: string): Promise<void>;
}

export const createMcpSignInAsk = (ports: {
  readonly servers: Pick<McpServers, 'signIn'>;
  showLog(name: string): void;
}): McpSignInAsk => {
  const open = new Set<string>();

  const signIn = async (name: string): Promise<boolean> => {
    const title = `Signing in to the MCP server ${called(name)}: go on in the browser`;
    const done = await cancellable(title, async (_report, signal) => {
      await ports.servers.signIn(name, signal);
      return true;
    });
    return done === true;
  };

  const offer = async (name: string): Promise<void> => {
    const button = 'Sign In';
    const message = `The MCP server ${called(name)} wants you to sign in. Until then its tools do not work, or not all of them.`;
    if ((await vscode.window.showWarningMessage(withoutLinks(message), button)) !== button) return;
    try {
      await signIn(name);
    } catch (error) {
      await tellMcpFailure(name, error, ports);
    }
  };

  return {
    signIn,
    offer: async (name) => {
      if (open.has(name)) return;
      open.add(name);
      try {
        await offer(name);
      } finally {
        open.delete(name);
      }
    },
  };
};

/** What happened, and the way to the log. */
export const tellMcpFailure = async (
  name: string,
  error: unknown,
  ports: { showLog(name: string): void },
): Promise<void> => {
  const log = 'Show Log';
  const message = withoutLinks(`AnyCowork: ${reasonOf(error)}`);
  if ((await vscode.window.showErrorMessage(message, log)) === log) ports.showLog(name);
};

export const needsSignIn = (error: unknown): boolean => error instanceof McpSignInError;
