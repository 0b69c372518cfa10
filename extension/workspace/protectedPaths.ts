import { comparableParts } from './comparableName.ts';

/** Folders whose files can make the editor, git, a shell or an agent run something; protected with all they hold. */
const folders = new Map(
  Object.entries({
    '.git': 'holds the history and can run hooks',
    '.hg': 'holds the history and can run hooks',
    '.svn': 'holds the history',
    '.husky': 'holds git hooks',
    '.vscode': 'holds editor settings and tasks',
    '.devcontainer': 'can run commands when the folder is opened',
    '.anycowork': 'holds the settings of this product',
    globalstorage: 'holds what extensions of the editor keep, such as approvals',
    '.claude': 'configures an agent',
    '.codex': 'configures an agent',
    '.continue': 'configures an agent',
    '.cline': 'configures an agent',
    '.clinerules': 'configures an agent',
    '.cursor': 'configures an agent',
    '.gemini': 'configures an agent',
    '.kilocode': 'configures an agent',
    '.roo': 'configures an agent',
    '.windsurf': 'configures an agent',
    '.ssh': 'holds keys and connections',
    '.gnupg': 'holds keys',
  }),
);

const shellFile = 'runs when a shell starts';
const agentFile = 'instructs agents';
const files = new Map(
  Object.entries({
    '.mcp.json': 'starts MCP servers',
    'mcp.json': 'starts MCP servers',
    'mcp_settings.json': 'starts MCP servers',
    '.envrc': 'runs when a shell enters the folder',
    '.gitconfig': 'can run programs from git',
    '.gitmodules': 'decides what git fetches',
    'devcontainer.json': 'can run commands when the folder is opened',
    '.devcontainer.json': 'can run commands when the folder is opened',
    'agents.md': agentFile,
    'claude.md': agentFile,
    'claude.local.md': agentFile,
    'gemini.md': agentFile,
    'copilot-instructions.md': agentFile,
    '.cursorrules': agentFile,
    '.windsurfrules': agentFile,
    '.roomodes': agentFile,
    '.roorules': agentFile,
    '.aider.conf.yml': agentFile,
    '.bashrc': shellFile,
    '.bash_aliases': shellFile,
    '.bash_profile': shellFile,
    '.bash_login': shellFile,
    '.bash_logout': shellFile,
    '.profile': shellFile,
    '.zshrc': shellFile,
    '.zshenv': shellFile,
    '.zprofile': shellFile,
    '.zlogin': shellFile,
    '.zlogout': shellFile,
    '.kshrc': shellFile,
    '.cshrc': shellFile,
    '.tcshrc': shellFile,
    '.login': shellFile,
    'config.fish': shellFile,
    'microsoft.powershell_profile.ps1': shellFile,
  }),
);

/**
 * Why changing a path always asks, in a few words for a person, or undefined.
 * @param label `/`-separated, relative to a root; compared without case, at any depth
 */
export const protectedReason = (label: string): string | undefined => {
  const parts = comparableParts(label);
  for (const part of parts) {
    const reason = folders.get(part);
    if (reason !== undefined) return `${part} is protected: it ${reason}`;
  }
  const name = parts.at(-1) ?? '';
  const reason = name.endsWith('.code-workspace') ? 'holds editor settings and tasks' : files.get(name);
  return reason === undefined ? undefined : `${name} is protected: it ${reason}`;
};
