import assert from 'node:assert/strict';
import { protectedReason } from '../../extension/workspace/protectedPaths.ts';
import { isSecretName } from '../../extension/workspace/secretFiles.ts';

describe('protectedReason', () => {
  const guarded = [
    '.git/config',
    '.git/hooks/pre-commit',
    '.git',
    'vendor/lib/.git/config',
    '.GIT/config',
    '.Git./config',
    '.g\u200cit/config',
    '.vscode/settings.json',
    '.VSCODE/tasks.json',
    '.v\u017fcode/tasks.json',
    '.anycowork/agents.json',
    '.config/Code/User/globalStorage/anycowork.anycowork/live/job.asks',
    '.mcp.json',
    'sub/.MCP.json',
    '.envrc',
    '.bashrc',
    'home/.zshrc',
    '.profile',
    'AGENTS.md',
    'claude.md',
    '.claude/settings.json',
    '.cursor/mcp.json',
    'x.code-workspace',
    '.devcontainer/devcontainer.json',
    '.husky/pre-commit',
    'main/.git/config',
    '.github/workflows/ci.yml',
    '.github/actions/build/action.yml',
    '.github/prompts/x.prompt.md',
    '.github/copilot-instructions.md',
    '.agents/a.md',
    '.kiro/settings/mcp.json',
    '.opencode/agent/x.md',
    '.junie/guidelines.md',
    '.amazonq/mcp.json',
    '.zed/tasks.json',
    '.idea/workspace.xml',
    '.fleet/run.json',
    '.direnv/bin/x',
    'sub/.yarnrc.yml',
    '.yarnrc',
    '.npmrc',
    '.pnpmfile.cjs',
    'mise.toml',
    '.mise.toml',
    '.tool-versions',
    'lefthook.yml',
    '.pre-commit-config.yaml',
    '.gdbinit',
    '.lldbinit',
    '.xprofile',
    '.xinitrc',
    '.config/fish/conf.d/x.fish',
    '.config/fish/functions/ls.fish',
  ];
  for (const label of guarded) {
    it(`guards ${JSON.stringify(label)}`, () => assert.match(protectedReason(label) ?? '', /is protected/));
  }

  for (const label of [
    '.',
    'src/git.ts',
    '.gitignore',
    'github/x',
    'nginx/conf.d/site.conf',
    'src/functions/x.ts',
    'vscode/x',
    'docs/profile',
    'a.git',
  ]) {
    it(`leaves ${label}`, () => assert.equal(protectedReason(label), undefined));
  }
});

describe('isSecretName', () => {
  const secret = [
    '.env',
    '.ENV',
    '.env.local',
    '.env.production',
    'app/.env',
    'prod.env',
    '.envrc',
    'id_rsa',
    'keys/id_ed25519',
    'server.pem',
    'tls.KEY',
    'cert.p12',
    '.npmrc',
    '.netrc',
    '.ssh/config',
    '.aws/credentials',
    '.aws',
    'home/.kube',
    '.docker/config.json',
    'home/.docker',
    'credentials.json',
    'client_secret.json',
    'secrets.yaml',
    'service-account-prod.json',
    'terraform.tfvars',
    'terraform.tfstate',
    '.git-credentials',
  ];
  for (const label of secret) it(`knows ${label}`, () => assert.equal(isSecretName(label), true));

  const plain = [
    '.env.example',
    '.env.local.sample',
    'env.ts',
    'environment.env.ts',
    'id_rsa.pub',
    'keyboard.ts',
    'monkey.ts',
    'src/secrets.ts',
    'docs/credentials.md',
    '.docker/nginx.conf',
    'package.json',
  ];
  for (const label of plain) it(`does not suspect ${label}`, () => assert.equal(isSecretName(label), false));
});
