/** Configurations and their ports, for tests. */
import { type ConfigFile, type ConfigPlace, parseConfigFile } from '../../extension/mcp/configFile.ts';
import type { ResolvePorts } from '../../extension/mcp/configResolve.ts';
import type { McpServerConfig } from '../../extension/shared/mcp.ts';

/** `${name}`, as a configuration writes it. */
export const variable = (name: string): string => `\${${name}}`;

export const vscodePlace: ConfigPlace = {
  place: 'vscode',
  file: '/w/app/.vscode/mcp.json',
  label: '.vscode/mcp.json',
  folder: '/w/app',
};
export const ownPlace: ConfigPlace = { place: 'user', file: '/own/mcp.json', label: 'your servers' };

export const parsed = (content: unknown, place = vscodePlace): ConfigFile =>
  parseConfigFile(typeof content === 'string' ? content : JSON.stringify(content, null, 2), place);

/** The only server of a file, without problems. */
export const configOf = (
  entry: unknown,
  {
    inputs = [],
    place = vscodePlace,
    name = 'x',
  }: { inputs?: unknown[]; place?: ConfigPlace; name?: string } = {},
): McpServerConfig => {
  const { servers, problems } = parsed({ servers: Object.fromEntries([[name, entry]]), inputs }, place);
  const [config] = servers;
  if (config === undefined) throw new Error(problems.map(({ problem }) => problem).join('; '));
  return config;
};

export const portsOf = (more: Partial<ResolvePorts> = {}): ResolvePorts => ({
  folders: () => [
    { path: '/w/app', name: 'app' },
    { path: '/w/lib', name: 'lib' },
  ],
  home: '/home/ann',
  environment: () => ({ TOKEN: 'from-env', EMPTY: '' }),
  platform: 'linux',
  ...more,
});
