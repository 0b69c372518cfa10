/** Settings about MCP servers. */
import * as vscode from 'vscode';

/** Where AnyCowork is described for authorization servers that look there (https). */
export const clientMetadataUrl = (): string | undefined => {
  const value: unknown = vscode.workspace.getConfiguration('anycowork').get('mcp.clientMetadataUrl');
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
};
