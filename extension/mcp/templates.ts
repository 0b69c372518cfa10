/** Entries to begin with. Versions are not pinned: that is the person's decision, and their consent says so. */
import type { McpTemplate } from '../core/mcp.ts';

/** Replaced when the server starts. */
const variable = (name: string): string => `\${${name}}`;

export const mcpTemplates: readonly McpTemplate[] = [
  {
    id: 'filesystem',
    label: 'Files',
    description: 'Reads and changes files in the open folder, by the reference server.',
    needs: 'Node.js',
    name: 'filesystem',
    entry: {
      type: 'stdio',
      command: 'npx',
      args: ['-y', '@modelcontextprotocol/server-filesystem', variable('workspaceFolder')],
    },
    inputs: [],
  },
  {
    id: 'memory',
    label: 'Memory',
    description: 'Keeps facts in a file of your home folder, by the reference server.',
    needs: 'Node.js',
    name: 'memory',
    entry: {
      type: 'stdio',
      command: 'npx',
      args: ['-y', '@modelcontextprotocol/server-memory'],
      // By default it lies among the server's own files, where the next version does not find it.
      env: { MEMORY_FILE_PATH: `${variable('userHome')}${variable('/')}.mcp-memory.jsonl` },
    },
    inputs: [],
  },
  {
    id: 'fetch',
    label: 'Web Pages',
    description:
      'Fetches pages as Markdown, by the reference server. It reaches addresses of your network too.',
    needs: 'uv',
    name: 'fetch',
    entry: { type: 'stdio', command: 'uvx', args: ['mcp-server-fetch'] },
    inputs: [],
  },
  {
    id: 'github',
    label: 'GitHub',
    description:
      'Repositories, issues and pull requests, by the server that GitHub runs. Asks for an access token.',
    name: 'github',
    entry: {
      type: 'http',
      url: 'https://api.githubcopilot.com/mcp/',
      headers: { Authorization: `Bearer ${variable('input:github.token')}` },
    },
    inputs: [
      {
        type: 'promptString',
        id: 'github.token',
        description: 'A personal access token of GitHub',
        password: true,
      },
    ],
  },
  {
    id: 'postgres',
    label: 'Postgres',
    description:
      'Reads a database and its plans, by Postgres MCP Pro in its restricted mode, which only reads.',
    needs: 'uv',
    name: 'postgres',
    entry: {
      type: 'stdio',
      command: 'uvx',
      args: ['postgres-mcp', '--access-mode=restricted'],
      env: { DATABASE_URI: variable('input:postgres.DATABASE_URI') },
    },
    inputs: [
      {
        type: 'promptString',
        id: 'postgres.DATABASE_URI',
        description: 'The address of the database: postgresql://user:password@host:5432/name',
        password: true,
      },
    ],
  },
  {
    id: 'browser',
    label: 'Browser',
    description: 'Opens pages in a browser, clicks, types and takes pictures, by Playwright.',
    needs: 'Node.js',
    name: 'browser',
    entry: { type: 'stdio', command: 'npx', args: ['-y', '@playwright/mcp@latest'] },
    inputs: [],
  },
];
