// node legacyStdio.mjs MODE: a server of the 2025 protocol, on the SDK that has no other. Asked for anything before
// `initialize`, it `answers` with an error, `dies` (as some SDKs do), or stays `silent`.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';

const mode = process.argv[2] ?? 'answers';
const server = new McpServer({ name: 'legacy', version: '1' });
server.registerTool('pid', {}, async () => ({ content: [{ type: 'text', text: String(process.pid) }] }));
const transport = new StdioServerTransport();
await server.connect(transport);

const receive = transport.onmessage;
let isInitialized = false;
transport.onmessage = (message, extra) => {
  isInitialized ||= message.method === 'initialize';
  if (!isInitialized && mode === 'dies') {
    process.stderr.write('expected initialize\n', () => process.exit(1));
    return;
  }
  if (isInitialized || mode === 'answers') receive?.(message, extra);
};
process.stdin.on('end', () => process.exit(0));
