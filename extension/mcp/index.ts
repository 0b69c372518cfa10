/** The MCP servers of a window, for whoever puts the product together. */
export { mcpInputKey } from './inputs.ts';
export { createMcpServers } from './manager.ts';
export type { McpManager, McpManagerPorts } from './managerPorts.ts';
export { createMcpRecords, type McpRecordsPorts } from './records.ts';
