import { comparableParts } from './comparableName.ts';

const agent = 'configures an agent';
const editor = 'holds editor settings and tasks';

/** Folders whose files can make the editor, git, a shell or an agent run something; protected with all they hold. */
const folders = new Map(
  Object.entries({
    '.git': 'holds the history and can run hooks',
    '.hg': 'holds the history and can run hooks',
    '.svn': 'holds the history',
    '.husky': 'holds git hooks',
    '.vscode': editor,
    '.devcontainer': 'can run commands when the folder is opened',
    '.anycowork': 'holds the settings of this product',
    globalstorage: 'holds what extensions of the editor keep, such as approvals',
    '.claude': agent,
    '.codex': agent,
    '.continue': agent,
    '.cline': agent,
    '.clinerules': agent,
    '.cursor': agent,
    '.gemini': agent,
    '.kilocode': agent,
    '.roo': agent,
    '.windsurf': agent,
    '.github': 'decides what runs on the server, and instructs agents',
    '.agents': agent,
    '.amazonq': agent,
    '.junie': agent,
    '.kiro': agent,
    '.opencode': agent,
    '.fleet': editor,
    '.idea': editor,
    '.zed': editor,
    '.direnv': 'runs when a shell enters the folder',
    '.ssh': 'holds keys and connections',
    '.gnupg': 'holds keys',
  }),
);

const shellFile = 'runs when a shell starts';
const toolsFile = 'decides which programs a shell finds in the folder';
const packagesFile = 'decides where packages come from and what they run';
const hooksFile = 'decides which git hooks run';
const debuggerFile = 'runs when a debugger starts';
const sessionFile = 'runs when a session begins';
const agentFile = 'instructs agents';
const files = new Map(
  Object.entries({
    '.mcp.json': 'starts MCP servers',
    'mcp.json': 'starts MCP servers',
    'mcp_settings.json': 'starts MCP servers',
    '.envrc': 'runs when a shell enters the folder',
    'mise.toml': toolsFile,
    '.mise.toml': toolsFile,
    'mise.local.toml': toolsFile,
    '.mise.local.toml': toolsFile,
    '.tool-versions': toolsFile,
    '.npmrc': packagesFile,
    '.yarnrc': packagesFile,
    '.yarnrc.yml': packagesFile,
    '.pnpmfile.cjs': packagesFile,
    '.pnpmfile.mjs': packagesFile,
    'lefthook.yml': hooksFile,
    'lefthook.yaml': hooksFile,
    '.lefthook.yml': hooksFile,
    '.lefthook.yaml': hooksFile,
    'lefthook-local.yml': hooksFile,
    '.pre-commit-config.yaml': hooksFile,
    '.pre-commit-config.yml': hooksFile,
    '.gdbinit': debuggerFile,
    '.lldbinit': debuggerFile,
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
    '.xprofile': sessionFile,
    '.xsession': sessionFile,
    '.xinitrc': sessionFile,
    'microsoft.powershell_profile.ps1': shellFile,
  }),
);

/** Folders that are protected only where they lie in this one. */
const inFolder = new Map(
  Object.entries({ 'conf.d': ['fish', shellFile], functions: ['fish', shellFile] } as const),
);

const folderReason = (part: string, parent: string | undefined): string | undefined => {
  const [within, reason] = inFolder.get(part) ?? [];
  return folders.get(part) ?? (within !== undefined && within === parent ? reason : undefined);
};

/**
 * Why changing a path always asks, in a few words for a person, or undefined.
 * @param label `/`-separated, relative to a root; compared without case, at any depth
 */
export const protectedReason = (label: string): string | undefined => {
  const parts = comparableParts(label);
  for (const [index, part] of parts.entries()) {
    const reason = folderReason(part, parts[index - 1]);
    if (reason !== undefined) return `${part} is protected: it ${reason}`;
  }
  const name = parts.at(-1) ?? '';
  const reason = name.endsWith('.code-workspace') ? editor : files.get(name);
  return reason === undefined ? undefined : `${name} is protected: it ${reason}`;
};
